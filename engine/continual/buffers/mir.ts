/**
 * Maximally interfered retrieval (Aljundi et al. 2019): memory by reservoir sampling; of a random subset those are replayed whose loss the
 * next step on the incoming batch alone would raise most.
 */
import type { LabelledPoint } from '../snnl.ts'
import { randomSample } from '../samples.ts'
import { ascending } from '../vectors.ts'
import type { Head, ReplayPolicy } from './replay-policy.ts'
import { reservoirSample } from './reservoir.ts'

/** C of the paper: candidates of one retrieval. */
const subset = 50

export const mir: ReplayPolicy = {
  name: 'mir',
  description: 'A random sample; replays those that the next step would make the classifier forget most',
  online: true,
  select: (pool, { items }) => reservoirSample(pool, items),
  retrieve: (exemplars, { count, random, head, incoming, learningRate }) => {
    if (head === null || incoming.length === 0) return randomSample(exemplars, count, random)
    const candidates = randomSample(exemplars, Math.max(subset, count), random)
    const after = head.stepped(incoming, learningRate)
    const interference = candidates.map((candidate) => loss(after, candidate) - loss(head, candidate))
    return ascending(interference.map((value) => -value)).slice(0, count).flatMap((index) => candidates[index] ?? [])
  }
}

/** Cross-entropy; a label that the head does not know yet counts as improbable as a double can say. */
export function loss (head: Head, { label, features }: LabelledPoint): number {
  return -Math.log(Math.max(Number.MIN_VALUE, head.probabilities(features)[head.classes.indexOf(label)] ?? 0))
}
