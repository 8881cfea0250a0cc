/** How long a run of a model may take before its thread counts as hung. */

/** A busy machine makes a run several times slower, not this many times. */
const FACTOR = 30
const FLOOR_MS = 5000
/** The first run of a geometry may build programs for a graphics processor, or an engine for TensorRT. */
export const FIRST_RUN_MS = 300_000
const MOST_GEOMETRIES = 64

export class RunLimit {
  /** Longest run so far, by geometry and number of pictures. */
  readonly #longest = new Map<string, number>()

  /** Milliseconds. */
  of (geometry: string): number {
    const longest = this.#longest.get(geometry)
    return longest === undefined ? FIRST_RUN_MS : Math.max(FLOOR_MS, FACTOR * longest)
  }

  measured (geometry: string, milliseconds: number): void {
    // A source of ever other sizes must not fill the memory.
    if (!this.#longest.has(geometry) && this.#longest.size >= MOST_GEOMETRIES) this.#longest.clear()
    this.#longest.set(geometry, Math.max(milliseconds, this.#longest.get(geometry) ?? 0))
  }
}
