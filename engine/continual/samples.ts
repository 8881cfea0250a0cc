/** Parts of labelled sets. */
import { permutation } from '../random.ts'
import type { Random } from '../random.ts'

export function byLabel<T extends { label: string }> (items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.label)
    if (group === undefined) groups.set(item.label, [item])
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
