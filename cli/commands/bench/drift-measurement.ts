/** What the watch over the look of parts would have said: pictures in random order, the same again and again, then others. */
import { EmbeddingDrift } from '../../../engine/decision/drift/embedding-drift.ts'
import { permutation, seededRandom } from '../../../engine/random.ts'

export interface DriftLine {
  before: readonly Float32Array[]
  /** Empty = nothing changes. */
  after: readonly Float32Array[]
  /** Parts before the change, and after it. */
  steady: number
  changed: number
  falseAlarmRate: number
  seed: number
}

export interface DriftMeasurement {
  seed: number
  /** It alarmed before anything had changed. */
  isFalse: boolean
  /** Parts from the change to the alarm; `null` without any, and after a false one. */
  delay: number | null
}

export function measureDrift ({ before, after, steady, changed, falseAlarmRate, seed }: DriftLine): DriftMeasurement {
  const watch = new EmbeddingDrift({ falseAlarmRate, seed })
  const lines = [inRandomOrder(before, seed), inRandomOrder(after, seed + 1)] as const
  for (let index = 0; index < steady + (after.length === 0 ? 0 : changed); index++) {
    const isSteady = index < steady
    const features = lines[isSteady ? 0 : 1].next().value
    if (watch.observe({ product: null, isGood: true, features })?.alarming === true) return { seed, isFalse: isSteady, delay: isSteady ? null : index + 1 - steady }
  }
  return { seed, isFalse: false, delay: null }
}

function * inRandomOrder (items: readonly Float32Array[], seed: number): Generator<Float32Array, never> {
  const random = seededRandom(seed)
  for (;;) for (const index of permutation(items.length, random)) yield items[index] as Float32Array
}
