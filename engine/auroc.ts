/** Area under the ROC curve of image scores, higher = less like the good parts. */
import { GoodpartsError } from './errors.ts'
import { quantile } from './quantile.ts'
import { seededRandom, type Random } from './random.ts'

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
  /** The physical part of each score, `null` = a part of its own: scores of one part are drawn together (cluster bootstrap, Davison and Hinkley 1997, § 3.8). */
  groups?: { good: ReadonlyArray<string | null>, defect: ReadonlyArray<string | null> }
}

/**
 * Percentile bootstrap (Efron 1979) over parts, good and defective ones drawn each from their own (stratified), seeded.
 * `null` where a side is empty.
 */
export function aurocInterval (good: ArrayLike<number>, defect: ArrayLike<number>, { seed, resamples = 1000, confidence = 0.95, groups }: BootstrapOptions): Interval | null {
  if (good.length === 0 || defect.length === 0) return null
  const { levels, goodLevels, defectLevels } = rankLevels(good, defect)
  const [goodParts, defectParts] = [partsOf(goodLevels, groups?.good), partsOf(defectLevels, groups?.defect)]
  const random = seededRandom(seed)
  const areas = new Float64Array(resamples)
  for (let i = 0; i < resamples; i++) areas[i] = areaOfCounts(drawnCounts(goodParts, levels, random), drawnCounts(defectParts, levels, random))
  areas.sort()
  const tail = (1 - confidence) / 2
  return { low: quantile(areas, tail), high: quantile(areas, 1 - tail) }
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

/** The levels of each part's scores. */
function partsOf (levels: Int32Array, groups: ReadonlyArray<string | null> = []): number[][] {
  const parts = new Map<string | number, number[]>()
  levels.forEach((level, index) => {
    const part = groups[index] ?? index
    parts.set(part, [...parts.get(part) ?? [], level])
  })
  return [...parts.values()]
}

/** As many parts as there are, drawn with replacement. */
function drawnCounts (parts: ReadonlyArray<readonly number[]>, levels: number, random: Random): Float64Array {
  const counts = new Float64Array(levels)
  for (let i = 0; i < parts.length; i++) {
    for (const level of parts[Math.floor(random() * parts.length)] ?? []) counts[level] = (counts[level] as number) + 1
  }
  return counts
}
