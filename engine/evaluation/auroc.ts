/** Area under the ROC curve of image scores, higher = less like the good parts. */
import { GoodpartsError } from '../errors.ts'
import { seededRandom } from '../random.ts'

export interface Interval {
  low: number
  high: number
}

/**
 * P(defect > good) + ½ P(defect = good), from the rank sum with average ranks for ties (Mann and Whitney 1947).
 * `null` where a side is empty.
 * @throws GOODPARTS_ARGUMENT for a score that is not a finite number.
 */
export function auroc (good: ArrayLike<number>, defect: ArrayLike<number>): number | null {
  if (good.length === 0 || defect.length === 0) return null
  const { levels, goodLevels, defectLevels } = rankLevels(good, defect)
  return areaOfCounts(countLevels(goodLevels, levels), countLevels(defectLevels, levels))
}

export interface BootstrapOptions {
  seed: number
  /** Default 1,000. */
  resamples?: number
  /** Default 0.95. */
  confidence?: number
}

/**
 * Percentile bootstrap (Efron 1979) over images, good and defective ones drawn each from their own (stratified), seeded.
 * `null` where a side is empty.
 */
export function aurocInterval (good: ArrayLike<number>, defect: ArrayLike<number>, { seed, resamples = 1000, confidence = 0.95 }: BootstrapOptions): Interval | null {
  if (good.length === 0 || defect.length === 0) return null
  const { levels, goodLevels, defectLevels } = rankLevels(good, defect)
  const random = seededRandom(seed)
  const areas = new Float64Array(resamples)
  for (let i = 0; i < resamples; i++) {
    areas[i] = areaOfCounts(countLevels(resampled(goodLevels, random), levels), countLevels(resampled(defectLevels, random), levels))
  }
  areas.sort()
  const tail = (1 - confidence) / 2
  return { low: quantile(areas, tail), high: quantile(areas, 1 - tail) }
}

/** Quantile of ascending values between order statistics (type 7 of Hyndman and Fan 1996). `share` 0 to 1. */
export function quantile (ascending: ArrayLike<number>, share: number): number {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const lower = ascending[below] ?? NaN
  return lower + (position - below) * ((ascending[Math.min(below + 1, ascending.length - 1)] ?? NaN) - lower)
}

/** Each score as the position of its value among the distinct values. */
function rankLevels (good: ArrayLike<number>, defect: ArrayLike<number>): { levels: number, goodLevels: Int32Array, defectLevels: Int32Array } {
  const scores = new Float64Array(good.length + defect.length)
  scores.set(good)
  scores.set(defect, good.length)
  const wrong = scores.find((score) => !Number.isFinite(score))
  if (wrong !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected every score to be a finite number, got ${wrong}`)
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const level = new Int32Array(scores.length)
  let levels = 0
  order.forEach((index, i) => {
    if (i > 0 && scores[index] !== scores[order[i - 1] as number]) levels++
    level[index] = levels
  })
  return { levels: levels + 1, goodLevels: level.subarray(0, good.length), defectLevels: level.subarray(good.length) }
}

function countLevels (levelOf: Int32Array, levels: number): Float64Array {
  const counts = new Float64Array(levels)
  for (const level of levelOf) counts[level] = (counts[level] as number) + 1
  return counts
}

/** AUROC from how many scores of each kind lie on each level, levels ascending. */
export function areaOfCounts (good: Float64Array, defect: Float64Array): number {
  let goodBelow = 0
  let defects = 0
  let won = 0
  for (let level = 0; level < good.length; level++) {
    const [here, there] = [good[level] as number, defect[level] as number]
    won += there * (goodBelow + here / 2)
    goodBelow += here
    defects += there
  }
  return won / (goodBelow * defects)
}

function resampled (levels: Int32Array, random: () => number): Int32Array {
  return levels.map(() => levels[Math.floor(random() * levels.length)] as number)
}
