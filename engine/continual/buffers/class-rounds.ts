/** Policies that give every class an equal share: each class orders its own candidates, and classes take turns. */
import type { Random } from '../../random.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { byLabel } from '../samples.ts'
import type { Candidate, Choice, ReplayPolicy, SelectionContext } from './replay-policy.ts'

export interface ClassTask {
  /** Of this class. */
  members: readonly Candidate[]
  /** How many of them are wanted. */
  count: number
  pool: readonly Candidate[]
  random: Random
}

/** Above that many candidates of a class, and above what is wanted of it, a uniform sample stands for them: the kernels are quadratic in it. */
export const mostCandidatesPerClass = 1000

/** A policy from a rule that orders one class: `count` choices, most wanted first. */
export function classBalancedPolicy (name: string, description: string, choose: (task: ClassTask) => Choice[]): ReplayPolicy {
  return { name, description, select: (pool, context) => select(pool, context, choose) }
}

function select (pool: readonly Candidate[], { items, random }: SelectionContext, choose: (task: ClassTask) => Choice[]): Choice[] {
  const classes = [...byLabel(pool)].sort(([a], [b]) => a < b ? -1 : 1).map(([, members]) => members)
  const shares = sharesOf(classes, items)
  const ordered = classes.map((members, index) => {
    const count = shares[index] as number
    return choose({ members: sampled(members, Math.max(count, mostCandidatesPerClass)), count, pool, random })
  })
  return takeTurns(ordered)
}

/** Good parts of a product that are kept before its defects share the rest: the acceptance gate needs as many to check an update on. */
export const fewestGoodParts = 10

/** Places that a memory needs to keep all good parts that the gate asks for, and one of every other class. */
export function fewestPlaces (labels: Iterable<string>): number {
  return [...new Set(labels)].reduce((sum, label) => sum + (isGoodLabel(label) ? fewestGoodParts : 1), 0)
}

/** Equal, but for places that good parts lack: the largest of the others give theirs, where one is left to each. */
function sharesOf (classes: ReadonlyArray<readonly Candidate[]>, items: number): number[] {
  const shares = equalShares(classes.map(({ length }) => length), items)
  const least = classes.map((members) => isGoodLabel(members[0]?.label ?? '') ? Math.min(members.length, fewestGoodParts) : 1)
  if (least.reduce((sum, places) => sum + places, 0) > items) return shares
  const over = (index: number): number => (shares[index] as number) - (least[index] as number)
  for (const index of shares.keys()) {
    while (over(index) < 0) {
      const giver = [...shares.keys()].reduce((most, other) => over(other) > over(most) ? other : most)
      shares[giver] = (shares[giver] as number) - 1
      shares[index] = (shares[index] as number) + 1
    }
  }
  return shares
}

/**
 * As equal as the sizes allow, `items` in sum where there are so many; what does not divide goes to the first classes.
 */
function equalShares (sizes: readonly number[], items: number): number[] {
  const shares = sizes.map(() => 0)
  let left = items
  while (left > 0) {
    const open = sizes.flatMap((size, index) => (shares[index] as number) < size ? [index] : [])
    if (open.length === 0) break
    const each = Math.max(1, Math.floor(left / open.length))
    for (const index of open) {
      const more = Math.min(each, left, (sizes[index] as number) - (shares[index] as number))
      shares[index] = (shares[index] as number) + more
      left -= more
    }
  }
  return shares
}

function takeTurns (lists: readonly Choice[][]): Choice[] {
  const rounds = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: rounds }, (_, round) => lists.flatMap((list) => list[round] ?? [])).flat()
}

/** What is kept already, then a uniform sample of what came; `most` in sum, or what is kept where that is more. */
function sampled (members: readonly Candidate[], most: number): readonly Candidate[] {
  if (members.length <= most) return members
  const kept = members.filter((candidate) => candidate.kept)
  const came = members.filter((candidate) => !candidate.kept).sort((a, b) => a.priority - b.priority)
  const room = Math.max(0, most - kept.length)
  const weight = came.length / Math.max(1, Math.min(room, came.length))
  return [...kept, ...came.slice(0, room).map((candidate) => ({ ...candidate, weight: candidate.weight * weight }))]
}
