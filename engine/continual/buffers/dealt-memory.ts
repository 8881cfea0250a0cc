/**
 * Memories for the members of an ensemble that differ, and whose union is what the policy would choose for all of them together: the policy
 * chooses once, and its choices are dealt in turn. Each hand of a greedy selection is nearly as good as a beginning of it.
 */
import type { Choice, ReplayPolicy } from './replay-policy.ts'

/** The policy of member `member` of `members`: every `members`-th choice of each class, counted from its own number. */
export function dealtPolicy (policy: ReplayPolicy, member: number, members: number): ReplayPolicy {
  return {
    ...policy,
    select: (pool, context) => hand(policy.select(pool, { ...context, items: context.items * members }), member, members).slice(0, context.items)
  }
}

function hand (choices: readonly Choice[], member: number, members: number): Choice[] {
  const dealt = new Map<string, number>()
  return choices.filter(({ candidate: { label } }) => {
    const turn = dealt.get(label) ?? 0
    dealt.set(label, turn + 1)
    return turn % members === member
  })
}
