import type { JsonValue } from '../schemas/bundle.ts'

/** JSON with the names of every object in order, so that equal values have equal text, and equal hashes. */
export function canonicalJson (value: JsonValue): string {
  return JSON.stringify(value, (_name, item: JsonValue) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1))
      : item)
}
