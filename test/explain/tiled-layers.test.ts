/** Methods that ask the layers, of models that see tiles or a part of the picture. */
import { afterAll, describe, expect, test } from 'vitest'
import { writeBundle } from '../../engine/bundle/bundle.ts'
import { buildTiledGraph } from '../../engine/detectors/tiling/tiled-graph.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { LayerStitching } from '../../engine/explain/model/layer-stitching.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { lookedAt, type Tiling } from '../../engine/tiling/looked-at.ts'
import { detectorGraph, edge } from './hand-built-models.ts'
import { spotBundle } from './spot-bundle.ts'

/** The picture is twice and a half as large as what the detector sees at once. */
const [width, height] = [160, 160]
const opened: ExplainedModel[] = []
afterAll(async () => { for (const model of opened) await model.close() })

async function tiledModel (tiling: Tiling): Promise<ExplainedModel> {
  const { metadata } = await spotBundle()
  const input = { width, height, channels: 1 } as const
  const graph = buildTiledGraph(detectorGraph(), metadata.map, { ...lookedAt(tiling, input), fill: [100] })
  const model = ExplainedModel.open(writeBundle(encodeModel(graph), { ...metadata, input, options: { size: edge, ...tiling as unknown as typeof metadata.options } }).bytes)
  opened.push(model)
  return model
}

function spotAt (left: number, top: number): RawImage {
  const data = new Uint8Array(width * height).fill(100)
  for (let y = top; y < top + 8; y++) data.fill(220, y * width + left, y * width + left + 8)
  return { data, width, height, channels: 1 }
}

const target = { kind: 'score' } as const

describe('a model that sees 3 × 3 tiles', () => {
  // Without a step in between: 160 pixels are three tiles of 64, each sharing 16 with the next.
  const tiling: Tiling = { tiles: '3x3', overlap: 0.25, regions: [] }

  test('is shown the picture at its tiles\' own resolution', async () => {
    expect(await tiledModel(tiling)).toMatchObject({ input: { width, height } })
  })

  test.each(['grad-cam', 'grad-cam++', 'layer-cam', 'score-cam', 'sise', 'ada-sise'])('is explained by %s: the spot, in the middle of a tile and where tiles meet', async (method) => {
    const model = await tiledModel(tiling)
    for (const [left, top] of [[20, 116], [52, 52], [100, 30]] as const) {
      const { map } = await explainerByName(method).explain(model, spotAt(left, top), { target })

      const peak = map!.values.indexOf(Math.max(...map!.values))
      expect(Math.abs((peak % map!.width + 0.5) / map!.width * width - left - 4)).toBeLessThan(10)
      expect(Math.abs((Math.floor(peak / map!.width) + 0.5) / map!.height * height - top - 4)).toBeLessThan(10)
    }
  }, 60_000)
})

describe('a model that sees a region', () => {
  const tiling: Tiling = { tiles: '1x1', overlap: 0, regions: [{ box: [0.5, 0.5, 0.4, 0.4] }] }

  test('is explained there, and nowhere else', async () => {
    const model = await tiledModel(tiling)

    const { map } = await explainerByName('layer-cam').explain(model, spotAt(100, 110), { target })

    const peak = map!.values.indexOf(Math.max(...map!.values))
    expect(Math.abs((peak % map!.width + 0.5) / map!.width * width - 104)).toBeLessThan(10)
    expect(Math.abs((Math.floor(peak / map!.width) + 0.5) / map!.height * height - 114)).toBeLessThan(10)
    const outside = [...map!.values].filter((_, index) => (index % map!.width + 1) / map!.width < 0.5 || (Math.floor(index / map!.width) + 1) / map!.height < 0.5)
    expect(Math.max(...outside)).toBe(0)
  })
})

describe('what layers say of tiles', () => {
  test('is laid together as it lies in the picture', async () => {
    const { metadata } = await spotBundle({ tiles: '2x1', overlap: 0 })
    const stitching = LayerStitching.of(metadata)!

    // Two tiles side by side, two channels each of one row of two cells.
    const whole = stitching.stitch(Float32Array.of(1, 2, 10, 20, 3, 4, 30, 40), 2, { height: 1, width: 2 })

    expect(stitching.sizeOf({ height: 1, width: 2 })).toEqual({ height: 1, width: 4 })
    expect([...whole]).toEqual([1, 2, 3, 4, 10, 20, 30, 40])
  })
})
