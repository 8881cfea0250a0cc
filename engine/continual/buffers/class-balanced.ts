import { classBalancedPolicy } from './class-rounds.ts'

/** A uniform sample of each class: the baseline that other policies are compared to. */
export const classBalanced = classBalancedPolicy('class-balanced', 'A random sample of every class, equal in size', ({ members, count }) =>
  [...members].sort((a, b) => a.priority - b.priority).slice(0, count)
    .map((candidate) => ({ candidate, reason: `drawn at random from ${members.length} of its class` })))
