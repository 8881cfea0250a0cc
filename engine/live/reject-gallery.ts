/** The last rejects of each line with their pictures, in memory, bounded in number and bytes. */
import type { RejectEntry } from '../../schemas/live.ts'

export interface GalleryBounds {
  entriesPerLine: number
  /** Over all lines. */
  bytes: number
}

interface Kept {
  entry: RejectEntry
  /** `undefined` while the disk alone has it. */
  packet: Uint8Array | undefined
  onDisk: boolean
}

export class RejectGallery {
  readonly #bounds: GalleryBounds
  /** Oldest first. */
  #kept: Kept[] = []
  #bytes = 0

  constructor (bounds: GalleryBounds) {
    this.#bounds = bounds
  }

  get bytes (): number {
    return this.#bytes
  }

  keep (entry: RejectEntry, packet: Uint8Array): void {
    this.#kept.push({ entry, packet, onDisk: false })
    this.#bytes += packet.byteLength
    this.#bound(entry.line)
    for (const kept of [...this.#kept]) {
      if (this.#bytes <= this.#bounds.bytes || kept.entry === entry) return
      if (kept.onDisk) this.#letGo(kept)
      else this.#remove(kept)
    }
  }

  /** The disk has the picture too: the memory may let go of it, and the entry stays. */
  stored (sha256: string): void {
    for (const kept of this.#kept) if (kept.entry.sha256 === sha256) kept.onDisk = true
  }

  /** Entries of the disk, newest first; they are older than what is here. Says whether any was new. */
  restore (line: string, entries: readonly RejectEntry[]): boolean {
    const known = new Set(this.entries(line).map(({ sha256 }) => sha256))
    const older = entries.filter(({ sha256 }) => !known.has(sha256)).reverse()
    this.#kept.unshift(...older.map((entry) => ({ entry, packet: undefined, onDisk: true })))
    this.#bound(line)
    return older.length > 0
  }

  /** Newest first. */
  entries (line: string): RejectEntry[] {
    return this.#kept.filter(({ entry }) => entry.line === line).map(({ entry }) => entry).reverse()
  }

  packet (sha256: string): Uint8Array | undefined {
    return this.#kept.find(({ entry }) => entry.sha256 === sha256)?.packet
  }

  forget (line: string): void {
    for (const kept of this.#kept.filter(({ entry }) => entry.line === line)) this.#remove(kept)
  }

  #bound (line: string): void {
    const sameLine = this.#kept.filter(({ entry }) => entry.line === line)
    for (const old of sameLine.slice(0, Math.max(0, sameLine.length - this.#bounds.entriesPerLine))) this.#remove(old)
  }

  #letGo (kept: Kept): void {
    this.#bytes -= kept.packet?.byteLength ?? 0
    kept.packet = undefined
  }

  #remove (kept: Kept): void {
    this.#letGo(kept)
    this.#kept.splice(this.#kept.indexOf(kept), 1)
  }
}
