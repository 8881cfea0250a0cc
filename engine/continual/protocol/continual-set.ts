/** Labelled pictures in the order of tasks, as features. */
import { splitExemplarLabel } from '../../../schemas/exemplar-label.ts'
import { permutation } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { byLabel } from '../samples.ts'
import { meanVector } from '../vectors.ts'

export interface ContinualTask {
  name: string
  train: ReplayItem[]
  test: ReplayItem[]
}

/** The part of a label after the product: `plate/good`. */
export function isGoodLabel (label: string): boolean {
  return splitExemplarLabel(label).label === 'good'
}

/** A share of each task's training labels moved to another class of the same task. */
export function withWrongLabels (task: ContinualTask, share: number, random: Random): ContinualTask {
  const classes = [...byLabel(task.train).keys()]
  if (share === 0 || classes.length < 2) return task
  const flipped = new Set(permutation(task.train.length, random).subarray(0, Math.round(share * task.train.length)))
  return {
    ...task,
    train: task.train.map((item, index) => {
      if (!flipped.has(index)) return item
      const others = classes.filter((label) => label !== item.label)
      return { ...item, label: others[Math.floor(random() * others.length)] as string }
    })
  }
}

/** Deviations below this share of the median deviation are raised to it: a feature that the first task hardly moves must not drown the rest. */
const smallestShare = 0.1

/** Brings each feature to mean 0 and deviation 1 over the first task's training pictures, which are all that is known at the beginning. */
export function standardised (tasks: readonly ContinualTask[]): ContinualTask[] {
  const first = tasks[0]?.train.map(({ features }) => features) ?? []
  const mean = meanVector(first)
  const deviation = meanVector(first.map((features) => features.map((value, i) => (value - (mean[i] as number)) ** 2))).map(Math.sqrt)
  const floor = smallestShare * (deviation.toSorted()[deviation.length >> 1] ?? 1)
  const scaled = (item: ReplayItem): ReplayItem => ({ ...item, features: item.features.map((value, i) => (value - (mean[i] as number)) / Math.max(floor, deviation[i] as number)) })
  return tasks.map((task) => ({ ...task, train: task.train.map(scaled), test: task.test.map(scaled) }))
}
