/**
 * Parts that somebody may want to see again: rejects in memory for the page, and with a history rejects and reviews on disk, from where the
 * page's rejects come back after a restart. Encoding is bounded: a line of nothing but rejects must not fill the encoder.
 */
import type { RejectEntry } from '../../schemas/live.ts'
import { Ledger } from '../frame/ledger.ts'
import type { History } from '../store/history.ts'
import type { HistoryEntry } from '../store/history-table.ts'
import type { PacketEncoder } from './packet-encoder.ts'
import { contentHash } from './protocol.ts'
import type { LinePicture } from './publication.ts'
import { RejectGallery, type GalleryBounds } from './reject-gallery.ts'

/** Pictures of one line that may be encoded at a time; reviews leave room for rejects. */
const ENCODING = { reject: 8, review: 4 }
/** Lines that are shown before they say anything: the latest, if they are no older. Named wrongly for a while, a line does not stay for ever. */
const RESTORED = { lines: 16, milliseconds: 7 * 24 * 3600 * 1000 }
const PAGE = 100

export interface KeptPartsOptions {
  encoder: PacketEncoder
  bounds: GalleryBounds
  history: History | undefined
  now: () => number
  onReject: (entry: RejectEntry) => void
  onError: (error: unknown) => void
}

export class KeptParts {
  readonly #options: KeptPartsOptions
  readonly #gallery: RejectGallery
  readonly #ledger = new Ledger('live/kept')
  readonly #encoding = new Map<string, number>()
  readonly #underway = new Set<Promise<void>>()
  /** The last part of each line that is on its way. */
  readonly #latest = new Map<string, Promise<void>>()

  constructor (options: KeptPartsOptions) {
    this.#options = options
    this.#gallery = new RejectGallery(options.bounds)
  }

  /** Never throws and never waits. Keeps the part if its verdict asks for it. */
  offer (picture: LinePicture): void {
    const verdict = picture.record?.verdict
    if (verdict !== 'reject' && (verdict !== 'review' || this.#options.history === undefined)) return
    this.#ledger.enter()
    const busy = this.#encoding.get(picture.line) ?? 0
    if (busy >= ENCODING[verdict]) {
      this.#ledger.drop('busy')
      return
    }
    this.#encoding.set(picture.line, busy + 1)
    const keeping = this.#keep(picture, this.#latest.get(picture.line)).catch((error: unknown) => {
      this.#ledger.drop('encode-failed')
      this.#options.onError(error)
    }).finally(() => {
      this.#underway.delete(keeping)
      if (this.#latest.get(picture.line) === keeping) this.#latest.delete(picture.line)
      const others = (this.#encoding.get(picture.line) ?? 1) - 1
      if (others === 0) this.#encoding.delete(picture.line)
      else this.#encoding.set(picture.line, others)
    })
    this.#underway.add(keeping)
    this.#latest.set(picture.line, keeping)
  }

  /** Rejects that the page shows, newest first. */
  rejects (line: string): RejectEntry[] {
    return this.#gallery.entries(line)
  }

  /** From memory, else from the disk; `undefined` when neither has it. */
  async packet (sha256: string): Promise<Uint8Array | undefined> {
    return this.#gallery.packet(sha256) ?? await this.#options.history?.picture(sha256) ?? undefined
  }

  /** Kept inspections, newest first, a page at a time. */
  async inspections (line: string, before?: number): Promise<HistoryEntry[]> {
    return await this.#options.history?.recent({ line, limit: PAGE, ...(before === undefined ? {} : { before }) }) ?? []
  }

  /** Lines that were there before this server, by their newest inspection. */
  async formerLines (): Promise<string[]> {
    const since = new Date(this.#options.now() - RESTORED.milliseconds).toISOString()
    return await this.#options.history?.lines(since, RESTORED.lines) ?? []
  }

  /** Brings back the rejects of a line from the disk; `false` when there are none. */
  async restore (line: string): Promise<boolean> {
    const kept = await this.#options.history?.recent({ line, verdict: 'reject', limit: this.#options.bounds.entriesPerLine }) ?? []
    return this.#gallery.restore(line, kept.map(({ record, sha256 }) => ({ line, record, sha256 })))
  }

  forget (line: string): void {
    this.#gallery.forget(line)
  }

  /** After what was taken is encoded and stored. */
  async close (): Promise<void> {
    await Promise.all(this.#underway)
    this.#ledger.close()
    await this.#options.history?.close().catch(this.#options.onError)
  }

  /** Parts are encoded beside each other and kept in the order in which they came. */
  async #keep (picture: LinePicture, earlier: Promise<void> | undefined): Promise<void> {
    const { line, record } = picture
    const [packet] = await Promise.all([this.#options.encoder.packet(picture), earlier])
    this.#ledger.leave()
    if (record === undefined) return
    const sha256 = contentHash(packet)
    // Whether the disk takes it is the history's to count and to tell; the line's next picture does not wait for it.
    const stored = this.#options.history?.add(line, record, { sha256, bytes: packet })
    if (record.verdict === 'reject') {
      const entry = { line, record, sha256 }
      this.#gallery.keep(entry, packet)
      this.#options.onReject(entry)
      stored?.then((isStored) => { if (isStored) this.#gallery.stored(sha256) }).catch(() => {})
    }
  }
}
