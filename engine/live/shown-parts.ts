/**
 * The parts that an operator's browser has just been sent: who sees one may want to say what it is, and by then the line is some parts on.
 * Few, because frames that are held for long grow old in the eyes of the garbage collector (docs/decisions/0006-frame-memory.md).
 */
import type { LinePicture } from './publication.ts'

const BYTES = 16 * 2 ** 20
/** Of each line, however large its frames are. */
const LEAST = 3

export class ShownParts {
  readonly #bytes: number
  /** Oldest first. */
  #parts: LinePicture[] = []

  constructor (bytes = BYTES) {
    this.#bytes = bytes
  }

  remember (picture: LinePicture): void {
    if (picture.record === undefined || this.#parts.includes(picture)) return
    this.#parts.push(picture)
    let bytes = this.#parts.reduce((sum, { frame }) => sum + frame.byteLength, 0)
    for (const part of [...this.#parts]) {
      if (bytes <= this.#bytes) return
      if (this.#parts.filter(({ line }) => line === part.line).length <= LEAST) continue
      this.#parts.splice(this.#parts.indexOf(part), 1)
      bytes -= part.frame.byteLength
    }
  }

  find (line: string, eventId: string): LinePicture | undefined {
    return this.#parts.findLast((part) => part.line === line && part.record?.eventId === eventId)
  }

  forget (line: string): void {
    this.#parts = this.#parts.filter((part) => part.line !== line)
  }
}
