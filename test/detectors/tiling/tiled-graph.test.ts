/** The graph around the tiles, with a family inside that says exactly what it was shown: the brightness of each cell. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addResizedImage } from '../../../engine/detectors/backbone-features/image-input.ts'
import type { Region } from '../../../engine/tiling/regions.ts'
import { lookedAt } from '../../../engine/tiling/looked-at.ts'
import { cutTile } from '../../../engine/detectors/tiling/tile-images.ts'
import { buildTiledGraph } from '../../../engine/detectors/tiling/tiled-graph.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { GraphBuilder } from '../../../engine/graph/builder.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { GraphSession } from '../../../engine/runtime/onnx-runtime.ts'
import { imageTensor } from '../../../engine/detectors/picture-features.ts'

const cells = 32
const [width, height] = [320, 240]

/** `map`: the grey level of each of 32 × 32 cells; `score`: the brightest. */
function brightness (): Graph {
  const builder = new GraphBuilder('brightness')
  const map = builder.node('Squeeze', [builder.node('ReduceMean', [addResizedImage(builder, cells), builder.whole(1)], { keepdims: 1 }), builder.whole(1)])
  builder.output('score', builder.node('ReduceMax', [map, builder.whole(1, 2)], { keepdims: 0 }), 'float32', ['N'])
  builder.output('map', map, 'float32', ['N', cells, cells])
  return builder.build()
}

const picture = (level: (x: number, y: number) => number): RawImage =>
  ({ data: Uint8Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width))), width, height, channels: 1 })

async function run (session: GraphSession, image: RawImage): Promise<{ score: number, map: Float32Array, rows: number, columns: number }> {
  const { score, map } = await session.run({ image: imageTensor(image) })
  return { score: (score!.data as Float32Array)[0]!, map: map!.data as Float32Array, rows: map!.dims[1]!, columns: map!.dims[2]! }
}

const opened: GraphSession[] = []
async function open (tiles: string, overlap: number, regions: Region[]): Promise<GraphSession> {
  const session = await openSession(encodeModel(buildTiledGraph(brightness(), { height: cells, width: cells }, { ...lookedAt({ tiles, overlap, regions }, { width, height, channels: 1 }), fill: [128] })))
  opened.push(session)
  return session
}
afterAll(async () => { for (const session of opened) await session.close() })

describe.each([['1x1', 0.25], ['3x2', 0.25], ['2x4', 0.5], ['3x3', 0]] as const)('the map of %s tiles that overlap by %f', (tiles, overlap) => {
  let session: GraphSession
  beforeAll(async () => { session = await open(tiles, overlap, []) })

  it('is flat for a flat picture', async () => {
    const { score, map } = await run(session, picture(() => 90))
    expect(score).toBeCloseTo(90, 3)
    for (const value of map) expect(value).toBeCloseTo(90, 3)
  })

  it('is a ramp for a ramp, with no step where tiles meet', async () => {
    const { map, rows, columns } = await run(session, picture((x, y) => x / 2 + y / 3))
    const slope = { x: width / 2 / columns, y: height / 3 / rows }
    for (let row = 3; row < rows - 4; row++) {
      for (let column = 3; column < columns - 4; column++) {
        // Grey levels are whole numbers, and tiles whole pixels: a level and a half is theirs.
        expect(Math.abs(map[row * columns + column + 1]! - map[row * columns + column]! - slope.x)).toBeLessThan(1.5)
        expect(Math.abs(map[(row + 1) * columns + column]! - map[row * columns + column]! - slope.y)).toBeLessThan(1.5)
      }
    }
  })

  it('shows a spot where it is, on the border of tiles too', async () => {
    for (let place = 20; place < 220; place += 12) {
      const { score, map, rows, columns } = await run(session, picture((x, y) => Math.abs(x - place - 40) < 6 && Math.abs(y - place) < 6 ? 250 : 10))
      const peak = map.indexOf(Math.max(...map))
      expect(Math.abs((peak % columns + 0.5) / columns * width - place - 40)).toBeLessThan(10)
      expect(Math.abs((Math.floor(peak / columns) + 0.5) / rows * height - place)).toBeLessThan(10)
      expect(score).toBeGreaterThan(120)
      expect(Math.max(...map)).toBeGreaterThan(0.6 * score)
    }
  })
})

describe('tiles of a batch', () => {
  it('do not mix pictures', async () => {
    const session = await open('3x2', 0.25, [])
    const random = seededRandom(3)
    const pictures = [1, 2, 3].map(() => picture(() => 255 * random()))
    const { score, map } = await session.run({ image: { type: 'uint8', dims: [3, height, width, 1], data: Uint8Array.from(pictures.flatMap(({ data }) => [...data])) } })
    for (const [index, image] of pictures.entries()) {
      const alone = await run(session, image)
      expect((score!.data as Float32Array)[index]).toBeCloseTo(alone.score, 3)
      const length = alone.map.length
      expect((map!.data as Float32Array).subarray(index * length, (index + 1) * length).every((value, at) => Math.abs(value - alone.map[at]!) < 1e-3)).toBe(true)
    }
  })

  it('are cut at the pixels at which the fit cut them', async () => {
    const random = seededRandom(4)
    const image = picture(() => 255 * random())
    const regions: Region[] = [{ polygon: [[0, 0], [1, 0], [0.7, 1], [0, 0.8]] }]
    const looked = { ...lookedAt({ tiles: '3x2', overlap: 0.3, regions }, image), fill: [77] }
    const builder = new GraphBuilder('sum')
    const input = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
    const sum = builder.node('ReduceSum', [builder.node('Cast', [input], { to: 1 }), builder.whole(1, 2, 3)], { keepdims: 0 })
    builder.output('score', sum, 'float32', ['N'])
    builder.output('map', builder.node('Reshape', [sum, builder.whole(-1, 1, 1)]), 'float32', ['N', 1, 1])
    const model = openSession(encodeModel(buildTiledGraph(builder.build(), { height: 1, width: 1 }, looked)))
    const { score } = await run(await model, image)
    await (await model).close()
    const sums = looked.tiles.map((tile) => cutTile(image, looked, tile).data.reduce((total, value) => total + value, 0))
    expect(sums.length).toBeGreaterThan(4)
    expect(score).toBe(Math.max(...sums))
  })
})

describe('regions of interest in the graph', () => {
  const regions: Region[] = [{ polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.5], [0.5, 0.5], [0.5, 0.9], [0.1, 0.9]] }, { box: [0.2, 0.2, 0.1, 0.1], exclude: true }]
  const spot = (x0: number, y0: number): RawImage => picture((x, y) => Math.abs(x / width - x0) < 0.02 && Math.abs(y / height - y0) < 0.02 ? 250 : 128)

  it.each(['1x1', '4x4'])('ignore what lies outside of them, with %s tiles', async (tiles) => {
    const session = await open(tiles, 0.25, regions)
    const clean = await run(session, picture(() => 128))
    for (const [x, y] of [[0.05, 0.05], [0.75, 0.75], [0.95, 0.5], [0.25, 0.25], [0.5, 0.97]] as const) {
      const { score, map } = await run(session, spot(x, y))
      expect(score).toBe(clean.score)
      expect(map).toEqual(clean.map)
    }
  })

  it.each(['1x1', '4x4'])('find what lies inside, with %s tiles, and show nothing elsewhere', async (tiles) => {
    const session = await open(tiles, 0.25, regions)
    for (const [x, y] of [[0.15, 0.15], [0.85, 0.3], [0.3, 0.8], [0.48, 0.48]] as const) {
      const { score, map, rows, columns } = await run(session, spot(x, y))
      expect(score).toBeGreaterThan(150)
      const peak = map.indexOf(Math.max(...map))
      expect(Math.abs((peak % columns + 0.5) / columns - x)).toBeLessThan(0.04)
      expect(Math.abs((Math.floor(peak / columns) + 0.5) / rows - y)).toBeLessThan(0.04)
      const at = (px: number, py: number): number => map[Math.floor(py * rows) * columns + Math.floor(px * columns)]!
      expect([at(0.03, 0.03), at(0.75, 0.75), at(0.25, 0.25), at(0.97, 0.5)]).toEqual([0, 0, 0, 0])
      expect(at(0.15, 0.6)).toBeGreaterThan(100)
    }
  })

  it('show a box larger than it would be seen in the whole', async () => {
    const session = await open('1x1', 0.25, [{ box: [0.5, 0.5, 0.25, 0.25] }])
    const { rows, columns } = await run(session, picture(() => 128))
    expect([rows, columns]).toEqual([4 * cells, 4 * cells])
  })
})
