/** The last kept parts of each line with their pictures, in memory, bounded in number and bytes; a kind of verdict does not push another out. */
import type { KeptEntry } from '../../schemas/live.ts'

export interface GalleryBounds {
  /** Of each verdict. */
  entriesPerLine: number
  /** Over all lines. */
  bytes: number
}

/** Encoded, and without loss. */
export interface PartPictures {
  packet: Uint8Array
  lossless: Uint8Array
}

interface Kept {
  entry: KeptEntry
  /** `undefined` while the disk alone has them. */
  pictures: PartPictures | undefined
  onDisk: boolean
}

export class PartGallery {
  readonly bounds: GalleryBounds
  /** Oldest first. */
  #kept: Kept[] = []
  #bytes = 0

  constructor (bounds: GalleryBounds) {
    this.bounds = bounds
  }

  get bytes (): number {
    return this.#bytes
  }

  /** The same event again takes the place of the first: it knows more. */
  keep (entry: KeptEntry, pictures: PartPictures): void {
    const before = this.#kept.find(({ entry: { line, record } }) => line === entry.line && record.eventId === entry.record.eventId)
    if (before !== undefined) this.#remove(before)
    this.#kept.push({ entry, pictures, onDisk: false })
    this.#bytes += sizeOf(pictures)
    this.#bound(entry)
    for (const kept of [...this.#kept]) {
      if (this.#bytes <= this.bounds.bytes || kept.entry === entry) return
      if (kept.onDisk) this.#letGo(kept)
      else this.#remove(kept)
    }
  }

  /** The disk has the pictures too: the memory may let go of them, and the entry stays. */
  stored (sha256: string): void {
    for (const kept of this.#kept) if (kept.entry.sha256 === sha256) kept.onDisk = true
  }

  /** Entries of the disk, newest first; they are older than what is here. Says whether any was new. */
  restore (line: string, entries: readonly KeptEntry[]): boolean {
    const known = new Set(this.entries(line).map(({ sha256 }) => sha256))
    const older = entries.filter(({ sha256 }) => !known.has(sha256)).reverse()
    this.#kept.unshift(...older.map((entry) => ({ entry, pictures: undefined, onDisk: true })))
    for (const entry of older) this.#bound(entry)
    return older.length > 0
  }

  /** Newest first. */
  entries (line: string): KeptEntry[] {
    return this.#kept.filter(({ entry }) => entry.line === line).map(({ entry }) => entry).reverse()
  }

  find (line: string, eventId: string): { entry: KeptEntry, pictures: PartPictures | undefined } | undefined {
    return this.#kept.findLast(({ entry }) => entry.line === line && entry.record.eventId === eventId)
  }

  packet (sha256: string): Uint8Array | undefined {
    return this.#kept.find(({ entry }) => entry.sha256 === sha256)?.pictures?.packet
  }

  forget (line: string): void {
    for (const kept of this.#kept.filter(({ entry }) => entry.line === line)) this.#remove(kept)
  }

  #bound ({ line, record: { verdict } }: KeptEntry): void {
    const alike = this.#kept.filter(({ entry }) => entry.line === line && entry.record.verdict === verdict)
    for (const old of alike.slice(0, Math.max(0, alike.length - this.bounds.entriesPerLine))) this.#remove(old)
  }

  #letGo (kept: Kept): void {
    this.#bytes -= kept.pictures === undefined ? 0 : sizeOf(kept.pictures)
    kept.pictures = undefined
  }

  #remove (kept: Kept): void {
    this.#letGo(kept)
    this.#kept.splice(this.#kept.indexOf(kept), 1)
  }
}

function sizeOf ({ packet, lossless }: PartPictures): number {
  return packet.byteLength + lossless.byteLength
}
