/** Parts of labelled sets. */
import { permutation } from '../random.ts'
import type { Random } from '../random.ts'

export function byLabel<T extends { label: string }> (items: readonly T[]): Map<string, T[]> {
  return groupsOf(items, ({ label }) => label)
}

/** In order of first sight. */
export function groupsOf<T> (items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export function countByLabel (items: ReadonlyArray<{ label: string }>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { label } of items) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

/** Without replacement. */
export function randomSample<T> (from: readonly T[], count: number, random: Random): T[] {
  return Array.from(permutation(from.length, random).subarray(0, count), (index) => from[index] as T)
}
