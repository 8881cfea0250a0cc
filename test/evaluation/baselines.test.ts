import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { largestWindowMean, TemplateDifference } from '../../engine/evaluation/template-difference.ts'
import { measureTrivial, trivialBaseline } from '../../engine/evaluation/trivial-statistics.ts'
import { encodePng, type RawImage } from '../../engine/frame/image-codec.ts'
import { seededRandom } from '../../engine/random.ts'

describe('trivial statistics', () => {
  it('are as computed by hand, colour by the mean of its channels', () => {
    const expected = { mean: 2.5, standardDeviation: Math.sqrt(1.25), meanGradient: (1 + 2 + 2 + 1) / 4, fileSize: 77 }
    expect(measureTrivial({ data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2, channels: 1 }, 77)).toEqual(expected)
    expect(measureTrivial({ data: Uint8Array.of(0, 1, 2, 2, 2, 2, 4, 3, 2, 0, 0, 12), width: 2, height: 2, channels: 3 }, 77)).toEqual(expected)
  })

  it('report the best one, mirrored where defects are lower, and each as it is', () => {
    const values = (mean: number, fileSize: number): { mean: number, standardDeviation: number, meanGradient: number, fileSize: number } => ({ mean, standardDeviation: 1, meanGradient: 1, fileSize })
    const baseline = trivialBaseline([values(1, 50), values(2, 60)], [values(2, 10), values(1, 55)])
    expect(baseline).toEqual({ best: 0.75, statistic: 'fileSize', auroc: { mean: 0.5, standardDeviation: 0.5, meanGradient: 0.5, fileSize: 0.25 } })
    expect(trivialBaseline([], [values(1, 1)])).toBeNull()
  })
})

describe('the template difference', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-template-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  const flat = (level: number): RawImage => ({ data: new Uint8Array(80 * 40).fill(level), width: 80, height: 40, channels: 1 })

  it('compares with the median picture and with the nearest one, in a window of a fortieth of the edge', async () => {
    const paths = await Promise.all([100, 110, 200].map(async (level) => {
      const path = join(folder, `${level}.png`)
      writeFileSync(path, await encodePng(flat(level)))
      return path
    }))
    const template = await TemplateDifference.learn(paths, () => undefined, new AbortController().signal)
    expect(await template.score(flat(195))).toEqual({ median: 85, nearest: 5 })
    const spotted = flat(200)
    spotted.data.set([0, 0], 20 * 80 + 30)
    spotted.data.set([0, 0], 21 * 80 + 30)
    expect(await template.score(spotted)).toEqual({ median: 110, nearest: 200 })
  })

  it('ends when it is told to', async () => {
    await expect(TemplateDifference.learn([join(folder, '100.png')], () => undefined, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  it('finds the same largest window as a search of every window', () => {
    const random = seededRandom(4)
    const [width, height, edge] = [13, 9, 4]
    const values = Float32Array.from({ length: width * height }, random)
    let largest = 0
    for (let y = 0; y + edge <= height; y++) {
      for (let x = 0; x + edge <= width; x++) {
        let sum = 0
        for (let i = 0; i < edge * edge; i++) sum += values[(y + Math.floor(i / edge)) * width + x + i % edge]!
        largest = Math.max(largest, sum / edge ** 2)
      }
    }
    expect(largestWindowMean(values, width, height, edge)).toBeCloseTo(largest, 10)
  })
})
