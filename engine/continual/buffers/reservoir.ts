/**
 * Reservoir sampling (Vitter 1985) in its form by random keys: the `items` lowest of keys drawn at sight are a uniform sample of everything
 * seen, whatever the order and the lots it came in.
 */
import type { Candidate, Choice, ReplayPolicy } from './replay-policy.ts'

export const reservoir: ReplayPolicy = {
  name: 'reservoir',
  description: 'A random sample of everything seen, whatever its class',
  online: true,
  select: (pool, { items }) => reservoirSample(pool, items)
}

export function reservoirSample (pool: readonly Candidate[], items: number): Choice[] {
  return [...pool].sort((a, b) => a.priority - b.priority).slice(0, items)
    .map((candidate) => ({ candidate, reason: 'drawn at random from everything seen' }))
}
