import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../engine/graph/decode.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import { gradientOptionsFor } from '../../engine/graph/gradient/rule.ts'
import { readGolden, relativeDistance, runGraph } from './golden-file.ts'

const cases = readGolden('operators.bin')

describe('the gradient of an operator is what PyTorch computes', () => {
  for (const { name, model, inputs, outputs, upstream, gradients } of cases) {
    const devices = /^Conv|^MaxPool/.test(name) ? ['cpu', 'webgpu'] as const : ['cpu'] as const
    it.each(devices)(`${name}, in the forms for %s`, async (device) => {
      const graph = gradient(decodeModel(model), { of: 'y', withRespectTo: Object.keys(gradients), upstream: 'upstream', ...gradientOptionsFor(device) })
      const found = await runGraph(graph, { ...inputs, ...upstream })
      expect(relativeDistance(found['y'], outputs['y']!)).toBeLessThan(1e-5)
      for (const [value, expected] of Object.entries(gradients)) {
        expect(found[gradientName(value)]?.dims).toEqual(expected.dims)
        expect(relativeDistance(found[gradientName(value)], expected)).toBeLessThan(1e-5)
      }
    })
  }
})
