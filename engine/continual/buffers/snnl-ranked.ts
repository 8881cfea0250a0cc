/**
 * The literal readings of "select by SNNL": lowest keeps the core of each class, highest its border and wrong labels. Both lose to a random
 * sample; they stand here to be compared.
 */
import { SnnlReference } from '../snnl.ts'
import { ascending } from '../vectors.ts'
import { classBalancedPolicy } from './class-rounds.ts'
import type { ClassTask } from './class-rounds.ts'
import type { Candidate, Choice, ReplayPolicy } from './replay-policy.ts'

/** Points that SNNL is measured against: the sums over more change little and cost their number squared. */
const mostReferencePoints = 2000

export const snnlLow: ReplayPolicy = classBalancedPolicy('snnl-low', 'The lowest SNNL of every class: its core (loses to a random sample)', (task) => ranked(task, 1))
export const snnlHigh: ReplayPolicy = classBalancedPolicy('snnl-high', 'The highest SNNL of every class: its border and its wrong labels (loses most)', (task) => ranked(task, -1))

function ranked ({ members, count, pool }: ClassTask, sign: 1 | -1): Choice[] {
  const points = pool.length <= mostReferencePoints ? pool : [...pool].sort((a, b) => a.priority - b.priority).slice(0, mostReferencePoints)
  const reference = new SnnlReference(points)
  const position = new Map(points.map(({ id }, index) => [id, index]))
  const values = members.map((candidate) => reference.of(candidate, position.get(candidate.id) ?? -1))
  // One without another of its class has no SNNL: it must be kept.
  const order = ascending(values.map((value) => value === Infinity ? -Infinity : sign * value))
  return order.slice(0, count).map((index) => {
    const score = values[index] as number
    return score === Infinity
      ? { candidate: members[index] as Candidate, reason: 'the only one of its class' }
      : { candidate: members[index] as Candidate, score, reason: `SNNL ${score.toFixed(3)}, among the ${sign === 1 ? 'lowest' : 'highest'} of its class` }
  })
}
