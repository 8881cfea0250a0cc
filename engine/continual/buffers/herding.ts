/** Herding (Welling 2009; in replay: Rebuffi et al. 2017, algorithm 4): at each step the one that brings the mean of those taken nearest to the class's mean. */
import { dot, meanVector, unit } from '../vectors.ts'
import { classBalancedPolicy } from './class-rounds.ts'
import type { ClassTask } from './class-rounds.ts'
import type { Candidate, Choice } from './replay-policy.ts'

export const herding = classBalancedPolicy('herding', 'Those whose mean follows the mean of their class', ({ members, count }: ClassTask): Choice[] => {
  const directions = members.map(({ features }) => unit(features))
  const mean = meanVector(directions, members.map(({ weight }) => weight))
  const towardsMean = directions.map((direction) => dot(direction, mean))
  /** Sum of the taken, dotted with each candidate. */
  const towardsTaken = new Float64Array(members.length)
  const taken = new Set<number>()
  const choices: Choice[] = []
  while (choices.length < count) {
    // With unit vectors |μ - (s + x)/t|² orders candidates as s·x/t - μ·x does.
    const next = lowestOf(members.length, taken, (i) => (towardsTaken[i] as number) / (choices.length + 1) - (towardsMean[i] as number))
    taken.add(next)
    const direction = directions[next] as Float32Array
    directions.forEach((other, i) => { towardsTaken[i] = (towardsTaken[i] as number) + dot(direction, other) })
    choices.push({ candidate: members[next] as Candidate, reason: `step ${choices.length + 1}: brings the mean of the kept nearest to the mean of ${members.length} of its class` })
  }
  return choices
})

/** Of those not taken, the index with the lowest value, the first of equals. */
export function lowestOf (length: number, taken: ReadonlySet<number>, value: (index: number) => number): number {
  let best = -1
  let lowest = Infinity
  for (let index = 0; index < length; index++) {
    if (taken.has(index)) continue
    const at = value(index)
    if (best === -1 || at < lowest) {
      best = index
      lowest = at
    }
  }
  return best
}
