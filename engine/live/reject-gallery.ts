/** The last rejects with their pictures, in memory, bounded in number and bytes. */
import { createHash } from 'node:crypto'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { RejectEntry } from '../../schemas/live.ts'

export interface GalleryBounds {
  entriesPerLine: number
  /** Over all lines. */
  bytes: number
}

interface Kept {
  entry: RejectEntry
  packet: Buffer
}

export class RejectGallery {
  readonly #bounds: GalleryBounds
  /** Oldest first. */
  readonly #kept: Kept[] = []
  #bytes = 0

  constructor (bounds: GalleryBounds) {
    this.#bounds = bounds
  }

  get bytes (): number {
    return this.#bytes
  }

  keep (line: string, record: InspectionRecord, packet: Buffer): RejectEntry {
    const entry: RejectEntry = { line, record, sha256: createHash('sha256').update(packet).digest('hex') }
    this.#kept.push({ entry, packet })
    this.#bytes += packet.byteLength
    const sameLine = this.#kept.filter((kept) => kept.entry.line === line)
    if (sameLine.length > this.#bounds.entriesPerLine) this.#remove(sameLine[0] as Kept)
    while (this.#bytes > this.#bounds.bytes && this.#kept.length > 1) this.#remove(this.#kept[0] as Kept)
    return entry
  }

  /** Newest first. */
  entries (line: string): RejectEntry[] {
    return this.#kept.filter(({ entry }) => entry.line === line).map(({ entry }) => entry).reverse()
  }

  packet (sha256: string): Buffer | undefined {
    return this.#kept.find(({ entry }) => entry.sha256 === sha256)?.packet
  }

  forget (line: string): void {
    for (const kept of this.#kept.filter(({ entry }) => entry.line === line)) this.#remove(kept)
  }

  #remove (kept: Kept): void {
    this.#kept.splice(this.#kept.indexOf(kept), 1)
    this.#bytes -= kept.packet.byteLength
  }
}
