import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../engine/graph/decode.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import { gradientOptionsFor } from '../../engine/graph/gradient/rule.ts'
import { readGolden, relativeDistance, runGraph } from './golden-file.ts'

describe('a residual network in training has the gradients that PyTorch computes', () => {
  const forms = readGolden('networks.bin').flatMap((golden) => [{ golden, device: 'cpu' as const }, { golden, device: 'webgpu' as const }])
  it.each(forms)('with $golden.name, in the forms for $device', async ({ golden, device }) => {
    const graph = gradient(decodeModel(golden.model), { of: 'loss', withRespectTo: Object.keys(golden.gradients), ...gradientOptionsFor(device) })
    expect(new Set(graph.nodes.map(({ domain }) => domain))).toEqual(new Set(['']))
    expect(Object.keys(golden.gradients).length).toBeGreaterThan(25)
    const found = await runGraph(graph, golden.inputs)
    expect(relativeDistance(found['loss'], golden.outputs['loss']!)).toBeLessThan(1e-6)
    for (const [name, expected] of Object.entries(golden.gradients)) {
      expect(found[gradientName(name)]?.dims).toEqual(expected.dims)
      expect(relativeDistance(found[gradientName(name)], expected), name).toBeLessThan(1e-5)
    }
  })
})

describe('a network that PyTorch exported is read and differentiated', () => {
  it.each(readGolden('foreign.bin'))('$name', async ({ name, inputs, outputs, upstream, gradients }) => {
    const model = decodeModel(new Uint8Array(readFileSync(new URL(`./fixtures/${name}.onnx`, import.meta.url))))
    const graph = gradient(model, { of: 'logits', withRespectTo: ['image', 'stage'], upstream: 'upstream', inputShapes: { image: inputs['image']!.dims } })
    const found = await runGraph(decodeModel(encodeModel(graph)), { ...inputs, ...upstream })
    for (const [value, expected] of Object.entries(outputs)) expect(relativeDistance(found[value], expected)).toBeLessThan(1e-5)
    for (const [value, expected] of Object.entries(gradients)) expect(relativeDistance(found[gradientName(value)], expected), value).toBeLessThan(1e-5)
  })
})
