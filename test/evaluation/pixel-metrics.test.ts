import { describe, expect, it } from 'vitest'
import { auroc } from '../../engine/auroc.ts'
import { boxRegions, labelRegions, maskRegions, type GroundTruth } from '../../engine/evaluation/defect-regions.ts'
import { PixelMetrics } from '../../engine/evaluation/pixel-metrics.ts'
import { averagePrecision } from '../../engine/evaluation/ranking.ts'
import { resampleMap } from '../../engine/frame/resample-map.ts'
import { normal, seededRandom } from '../../engine/random.ts'

interface Picture { scores: Float32Array, truth: GroundTruth }

/** By its definition, one threshold at a time. */
function naiveAupro (pictures: readonly Picture[], limit: number): number {
  const thresholds = [...new Set(pictures.flatMap(({ scores }) => [...scores]))].sort((a, b) => b - a)
  const points = [[0, 0], ...thresholds.map((threshold) => {
    let [falsePositives, goodPixels, overlap, regions] = [0, 0, 0, 0]
    for (const { scores, truth } of pictures) {
      regions += truth.sizes.length - 1
      const hits = truth.sizes.map(() => 0)
      scores.forEach((score, pixel) => {
        const region = truth.labels[pixel]!
        if (region === 0) goodPixels++
        if (score < threshold) return
        if (region === 0) falsePositives++
        else hits[region]!++
      })
      truth.sizes.forEach((size, region) => { if (region > 0) overlap += hits[region]! / size })
    }
    return [falsePositives / goodPixels, overlap / regions]
  })] as Array<[number, number]>
  let area = 0
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!]
    if (x0 >= limit) break
    const end = Math.min(x1, limit)
    const yEnd = x1 === x0 ? y1 : y0 + (y1 - y0) * (end - x0) / (x1 - x0)
    area += (end - x0) * (y0 + yEnd) / 2
  }
  return area / limit
}

function collect (pictures: readonly Picture[]): PixelMetrics {
  const metrics = new PixelMetrics()
  for (const { scores, truth } of pictures) metrics.add(scores, truth)
  return metrics
}

function flat (pictures: readonly Picture[], defective: boolean): number[] {
  return pictures.flatMap(({ scores, truth }) => [...scores].filter((_, pixel) => (truth.labels[pixel]! > 0) === defective))
}

function randomPictures (seed: number, score: (random: () => number, defective: boolean) => number): Picture[] {
  const random = seededRandom(seed)
  return Array.from({ length: 3 }, () => {
    const [width, height] = [8 + Math.floor(6 * random()), 6 + Math.floor(6 * random())]
    const truth = labelRegions(Uint8Array.from({ length: width * height }, () => random() < 0.15 ? 1 : 0), width, height)
    return { truth, scores: Float32Array.from(truth.labels, (region) => score(random, region > 0)) }
  })
}

describe('pixel metrics', () => {
  // Scores on a coarse grid fall into bins of their own, negative ones and zero among them.
  const coarse = randomPictures(11, (random, defective) => (Math.floor(20 * random()) - 8 + (defective ? 5 : 0)) / 8)
  const fine = randomPictures(12, (random, defective) => Math.exp(normal(random) + (defective ? 1 : 0)))

  it('equal the naive definitions where no two scores share a bin', () => {
    const metrics = collect(coarse)
    expect(metrics.auroc()).toBeCloseTo(auroc(flat(coarse, false), flat(coarse, true))!, 12)
    expect(metrics.averagePrecision()).toBeCloseTo(averagePrecision(flat(coarse, false), flat(coarse, true))!, 12)
    for (const limit of [0.05, 0.3, 1]) expect(metrics.aupro(limit)).toBeCloseTo(naiveAupro(coarse, limit), 10)
  })

  it('stay close to them on scores of any size', () => {
    const metrics = collect(fine)
    expect(metrics.auroc()).toBeCloseTo(auroc(flat(fine, false), flat(fine, true))!, 3)
    for (const limit of [0.05, 0.3, 1]) expect(metrics.aupro(limit)).toBeCloseTo(naiveAupro(fine, limit), 3)
  })

  it('give AUPRO 1/6 at a limit of 1/3 for scores that rise evenly over one striped region or three', () => {
    const scores = Float32Array.from({ length: 2800 }, (_, i) => i / 2800)
    const stripes = [[0, 0, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 1, 0]].map((row) =>
      labelRegions(Uint8Array.from({ length: 2800 }, (_, i) => row[i % 7]!), 7, 400))
    for (const truth of stripes) expect(collect([{ scores, truth }]).aupro(1 / 3)).toBeCloseTo(1 / 6, 3)
  })

  it('are unknown without defects or without good pixels', () => {
    const good = new PixelMetrics()
    good.add(Float32Array.of(1, 2), null)
    expect([good.auroc(), good.aupro(), good.averagePrecision()]).toEqual([null, null, null])
    const bad = collect([{ scores: Float32Array.of(1, 2), truth: labelRegions(Uint8Array.of(1, 1), 2, 1) }])
    expect([bad.auroc(), bad.aupro()]).toEqual([null, null])
  })
})

describe('ground truth', () => {
  it('joins pixels that touch at a corner and keeps others apart', () => {
    const { labels, sizes } = labelRegions(Uint8Array.of(1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1), 4, 3)
    expect([...labels]).toEqual([1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 3])
    expect(sizes).toEqual([0, 2, 1, 1])
  })

  it('binarises masks above 127 and resizes them by their nearest pixel', () => {
    const truth = maskRegions({ data: Uint8Array.of(127, 128, 0, 255), width: 2, height: 2, channels: 1 }, 4, 4)
    expect([...truth.labels].map(Number)).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
  })

  it('fills boxes, scales them with the picture and gives the smallest one a cell', () => {
    const picture = { width: 40, height: 40 }
    const boxes = [{ x1: 0, y1: 0, x2: 20, y2: 10, type: 'open' }, { x1: 35, y1: 35, x2: 36, y2: 36, type: 'short' }]
    expect([...boxRegions(boxes, picture, 4, 4).labels]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
  })
})

describe('resampleMap', () => {
  it('keeps a map of the right size and interpolates between the centres of cells otherwise', () => {
    const map = { values: Float32Array.of(0, 4), height: 1, width: 2 }
    expect(resampleMap(map, 2, 1)).toBe(map.values)
    expect([...resampleMap(map, 4, 2)]).toEqual([0, 1, 3, 4, 0, 1, 3, 4])
  })
})
