/** The explanations of rejects that the page may ask for, in memory, bounded: the oldest make room. Another restart makes them anew. */
import type { LiveExplanations } from '../../schemas/live.ts'
import type { PartExplanations } from './publication.ts'

/** Bytes of all texts together. */
const LARGEST = 48 * 1024 * 1024

export class KeptExplanations {
  /** JSON texts by line and event, oldest first. */
  readonly #texts = new Map<string, string>()
  readonly #largest: number
  #bytes = 0

  constructor (largest = LARGEST) {
    this.#largest = largest
  }

  keep ({ line, eventId, methods, evidence }: PartExplanations): void {
    const explanations: LiveExplanations = {
      methods: methods.map(({ map, ...rest }) => {
        const { cells, ...header } = map.quantised()
        return { ...rest, map: { ...header, cells: Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('base64') } }
      }),
      evidence: evidence === null ? null : { name: evidence.name, jpeg: evidence.jpeg.toString('base64') }
    }
    const text = JSON.stringify(explanations)
    this.#remove(keyOf(line, eventId))
    this.#texts.set(keyOf(line, eventId), text)
    this.#bytes += text.length
    for (const oldest of this.#texts.keys()) {
      if (this.#bytes <= this.#largest) break
      this.#remove(oldest)
    }
  }

  /** `LiveExplanations` as JSON. */
  text (line: string, eventId: string): string | undefined {
    return this.#texts.get(keyOf(line, eventId))
  }

  forget (line: string): void {
    for (const key of [...this.#texts.keys()]) if (key.startsWith(keyOf(line, ''))) this.#remove(key)
  }

  #remove (key: string): void {
    this.#bytes -= this.#texts.get(key)?.length ?? 0
    this.#texts.delete(key)
  }
}

function keyOf (line: string, eventId: string): string {
  return `${JSON.stringify(line)} ${eventId}`
}
