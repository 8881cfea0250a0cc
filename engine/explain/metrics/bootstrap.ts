/** Intervals of means over parts, by the bootstrap (Efron 1979): parts are drawn with replacement, 95 % of the means lie within. */
import { quantile } from '../../quantile.ts'
import { seededRandom } from '../../random.ts'

const draws = 2000
/** Of fewer, what is drawn anew is hardly ever anything else than what is there. */
const fewestParts = 3

export interface Estimate {
  value: number
  /** `null`, as `high`, of fewer than three parts: they have no interval that says anything. */
  low: number | null
  high: number | null
}

export interface BootstrapOptions {
  seed: number
  /** The physical part of each sample; `null` stands for itself. */
  groups?: ReadonlyArray<string | null>
}

/** @returns `null` without samples. */
export function meanEstimate (samples: readonly number[], options: BootstrapOptions): Estimate | null {
  return ratioEstimate(samples, samples.map(() => 1), options)
}

/** Of `mean(numerators) / mean(denominators)`, both drawn together; draws of nothing over nothing are left out. */
export function ratioEstimate (numerators: readonly number[], denominators: readonly number[], options: BootstrapOptions): Estimate | null {
  return bootstrapEstimate(numerators.length, (indices) => {
    let [above, below] = [0, 0]
    for (const index of indices) {
      above += numerators[index] as number
      below += denominators[index] as number
    }
    return above / below
  }, options)
}

/** Of any `statistic` of the samples with these indices, of `count`; draws for which it is not a number are left out. @returns `null` without samples. */
export function bootstrapEstimate (count: number, statistic: (indices: readonly number[]) => number, { seed, groups = [] }: BootstrapOptions): Estimate | null {
  if (count === 0) return null
  const parts = partsOf(count, groups)
  const value = statistic(parts.flat())
  if (parts.length < fewestParts) return { value, low: null, high: null }
  const random = seededRandom(seed)
  const drawn = Array.from({ length: draws }, () => statistic(parts.flatMap(() => parts[Math.floor(random() * parts.length)] as number[]))).filter((one) => !Number.isNaN(one)).sort((a, b) => a - b)
  return { value, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) }
}

/** The indices of each part's samples. */
export function partsOf (count: number, groups: ReadonlyArray<string | null> = []): number[][] {
  const parts = new Map<string | number, number[]>()
  for (let index = 0; index < count; index++) {
    const part = groups[index] ?? index
    parts.set(part, [...parts.get(part) ?? [], index])
  }
  return [...parts.values()]
}
