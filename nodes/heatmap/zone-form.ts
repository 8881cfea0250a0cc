/** What a zone is, for the node and for its form in the editor. Pure. */
import type { Zone } from '../../engine/decision/regions.ts'

export function isZone (value: unknown): value is Zone {
  const { name, box } = (value ?? {}) as { name?: unknown, box?: unknown }
  return typeof name === 'string' && Array.isArray(box) && box.length === 4 && box.every((item) => typeof item === 'number' && Number.isFinite(item))
}
