/** Waiting times before restarts: doubling from `first` up to `longest`, each with jitter so that cameras of one line do not restart together. */
import type { Random } from '../random.ts'

export interface BackoffOptions {
  /** Milliseconds. */
  first: number
  /** Milliseconds. */
  longest: number
}

/** Milliseconds before restart number `attempt`, counted from 0: half of it fixed, half random. */
export function backoff (attempt: number, random: Random, { first, longest }: BackoffOptions): number {
  const most = Math.min(longest, first * 2 ** Math.min(attempt, 30))
  return most / 2 + random() * most / 2
}
