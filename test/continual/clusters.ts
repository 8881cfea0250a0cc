/** Labelled points around one centre per class, for tests of replay. */
import type { ReplayItem } from '../../engine/continual/buffers/replay-policy.ts'
import { normal, seededRandom } from '../../engine/random.ts'

export interface ClusterOptions {
  classes: readonly string[]
  each: number
  seed: number
  /** Numbers in a feature vector. */
  width?: number
  /** Standard deviation around a class's centre, which lies at distance 1 from zero. */
  spread?: number
  bytes?: number
}

export function clusters ({ classes, each, seed, width = 8, spread = 0.3, bytes = 1000 }: ClusterOptions): ReplayItem[] {
  const random = seededRandom(seed)
  return classes.flatMap((label, index) => Array.from({ length: each }, (_, i) => ({
    id: `${label}-${seed}-${i}`,
    label,
    bytes,
    group: null,
    features: Float32Array.from({ length: width }, (_value, axis) => (axis === index % width ? 1 : 0) + spread * normal(random))
  })))
}
