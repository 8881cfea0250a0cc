import { expect, test } from 'vitest'
import { explainByAnomalyMap } from '../../engine/explain/anomaly-map/explain.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'

test('surrounds the five strongest of many regions, and gives all of them', async () => {
  const [side, cells] = [256, 32]
  const values = new Float32Array(cells * cells).fill(0.5)
  // Eight spots along the diagonal, each weaker than the one before.
  for (let spot = 0; spot < 8; spot++) values[(2 + 4 * spot) * (cells + 1)] = 10 - spot
  const memory = new SharedArrayBuffer(side * side)
  new Uint8Array(memory).fill(50)

  const { jpeg, regions } = await explainByAnomalyMap({
    frame: { width: side, height: side, channels: 1, memory }, map: { values, height: cells, width: cells }, judged: { score: 10, limits: { review: 2, reject: 4 } }, opacity: 0.3, quality: 95
  })

  expect(regions.map(({ peak }) => peak)).toEqual([10, 9, 8, 7, 6, 5, 4, 3])
  const { data } = await decodeImage(jpeg)
  const isSurrounded = ({ box: [x, y, width, height] }: typeof regions[number]): boolean => {
    for (let row = y - 8; row < y + height + 8; row++) {
      // Blue, which the colours of the map have little of.
      for (let column = x - 8; column < x + width + 8; column++) if ((data[3 * (row * side + column) + 2] as number) > 180) return true
    }
    return false
  }
  expect(regions.map(isSurrounded)).toEqual([true, true, true, true, true, false, false, false])
})
