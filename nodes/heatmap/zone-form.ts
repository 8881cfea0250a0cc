/** What a zone is, for the node and for its form in the editor. Pure. */
import type { Zone } from '../../engine/decision/regions.ts'

/** One that can hold a place and says a name. */
export function isZone (value: unknown): value is Zone {
  const { name, box } = (value ?? {}) as { name?: unknown, box?: unknown }
  return typeof name === 'string' && name.trim() !== '' && Array.isArray(box) && box.length === 4 && box.every((item) => Number.isFinite(item)) && box[2] > 0 && box[3] > 0
}
