import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { efficientNetLite0, layerSet, loadBackbone } from '../../engine/backbones/backbone.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

const here = (path: string): Buffer => readFileSync(new URL(path, import.meta.url))
const shapes = { image: [1, 3, 48, 64], block2: [1, 24, 12, 16], block4: [1, 40, 6, 8], block10: [1, 112, 3, 4] } as const

function goldenTensors (): Record<keyof typeof shapes, Float32Array> {
  const numbers = new Float32Array(Uint8Array.from(here('./efficientnet-lite0.golden.bin')).buffer)
  let at = 0
  const take = (shape: readonly number[]): Float32Array => {
    const start = at
    at += shape.reduce((product, size) => product * size, 1)
    return numbers.subarray(start, at)
  }
  return { image: take(shapes.image), block2: take(shapes.block2), block4: take(shapes.block4), block10: take(shapes.block10) }
}

describe('the shipped backbone', () => {
  it('computes what PyTorch computes from the same weights', async () => {
    const { image, ...golden } = goldenTensors()
    const graph = loadBackbone(efficientNetLite0, layerSet(efficientNetLite0, 'three'))
    expect(graph.outputs.map(({ name }) => name)).toEqual(['block2', 'block4', 'block10'])
    const session = await openSession(encodeModel(graph))
    const outputs = await session.run({ image: { type: 'float32', dims: shapes.image, data: image } })
    await session.close()
    for (const [name, expected] of Object.entries(golden)) {
      const { dims, data } = outputs[name]!
      expect(dims).toEqual(shapes[name as keyof typeof shapes])
      const difference = Math.hypot(...expected.map((value, index) => value - Number(data[index])))
      expect(difference / Math.hypot(...expected), name).toBeLessThan(1e-4)
    }
  })

  it('is the file that its provenance names', () => {
    const provenance = JSON.parse(here('../../engine/backbones/efficientnet-lite0.provenance.json').toString()) as {
      output: { sha256: string }, input: { mean: number[], deviation: number[] }, layers: unknown[]
    }
    expect(createHash('sha256').update(readFileSync(efficientNetLite0.path)).digest('hex')).toBe(provenance.output.sha256)
    expect(provenance.input).toMatchObject({ mean: efficientNetLite0.mean, deviation: efficientNetLite0.deviation })
    expect(provenance.layers).toEqual(layerSet(efficientNetLite0, 'three'))
  })

  it('is cut after the last layer that is read', () => {
    const whole = loadBackbone(efficientNetLite0, layerSet(efficientNetLite0, 'standard'))
    const fine = loadBackbone(efficientNetLite0, layerSet(efficientNetLite0, 'fine'))
    expect(fine.nodes.length).toBeLessThan(whole.nodes.length / 2)
    expect(whole.nodes.filter((node) => node.operator === 'BatchNormalization')).toEqual([])
  })

  it('is refused with the reason when it is not there or has no such layers', () => {
    expect(() => loadBackbone({ ...efficientNetLite0, path: '/nowhere.onnx' }, layerSet(efficientNetLite0, 'fine'))).toThrow(/Expected a backbone at \/nowhere.onnx/)
    expect(() => layerSet(efficientNetLite0, 'coarse')).toThrow(/Expected the scale to be one of fine, standard, three, or auto where the family takes it, got coarse/)
    expect(() => loadBackbone(efficientNetLite0, [{ tensor: 'block99', stride: 4, channels: 1 }])).toThrow(/to have a value block99/)
  })
})
