/**
 * Parts that somebody may want to see again, or say something of: rejects, reviews and those that somebody looked at closely, in memory for the
 * page, and with a history on disk, from where they come back after a restart. Each is kept twice, small for the screen and without loss for
 * learning. Encoding is bounded: a line of nothing but rejects must not fill the encoder.
 */
import type { KeptEntry } from '../../schemas/live.ts'
import { GoodpartsError } from '../errors.ts'
import { encodePng } from '../frame/image-codec.ts'
import { Ledger } from '../frame/ledger.ts'
import type { History } from '../store/history.ts'
import type { HistoryEntry } from '../store/history-table.ts'
import type { PacketEncoder } from './packet-encoder.ts'
import type { PartGallery } from './part-gallery.ts'
import { contentHash } from './protocol.ts'
import type { LinePicture } from './publication.ts'

/** Pictures of one line that may be encoded at a time; reviews leave room for rejects. */
const ENCODING = { reject: 8, review: 4 }
/** Lines that are shown before they say anything: the latest, if they are no older. Named wrongly for a while, a line does not stay for ever. */
const RESTORED = { lines: 16, named: 1000, milliseconds: 7 * 24 * 3600 * 1000, verdicts: ['reject', 'review', 'good', 'not-inspected'] } as const
const PAGE = 100

export interface KeptPartsOptions {
  encoder: PacketEncoder
  /** Outlives these. */
  gallery: PartGallery
  history: History | undefined
  now: () => number
  /** Something else as soon as a line has left the page, also when it has come back since: what was on its way then is none of its parts. */
  era: (line: string) => unknown
  onKept: (entry: KeptEntry) => void
  onError: (error: unknown) => void
}

export class KeptParts {
  readonly #options: KeptPartsOptions
  readonly #gallery: PartGallery
  readonly #ledger = new Ledger('live/kept')
  readonly #encoding = new Map<string, number>()
  readonly #underway = new Set<Promise<void>>()
  /** The last part of each line that is on its way. */
  readonly #latest = new Map<string, Promise<void>>()

  constructor (options: KeptPartsOptions) {
    this.#options = options
    this.#gallery = options.gallery
  }

  /** Never throws and never waits. Keeps the part if its verdict asks for it. */
  offer (picture: LinePicture): void {
    const verdict = picture.record?.verdict
    if (verdict === 'reject' || verdict === 'review') this.#take(picture, ENCODING[verdict])?.catch(() => {})
  }

  /** Keeps a part that somebody looks at, whatever its verdict. @throws GOODPARTS_QUEUE_FULL while too many are being encoded */
  async hold (picture: LinePicture): Promise<KeptEntry> {
    const taken = this.#take(picture, ENCODING.reject)
    if (taken === undefined) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', 'Expected the encoder to have room for another part, got none', { fix: 'Try again' })
    return await taken
  }

  #take (picture: LinePicture, most: number): Promise<KeptEntry> | undefined {
    this.#ledger.enter()
    const busy = this.#encoding.get(picture.line) ?? 0
    if (busy >= most) {
      this.#ledger.drop('busy')
      return undefined
    }
    this.#encoding.set(picture.line, busy + 1)
    const keeping = this.#keep(picture, this.#latest.get(picture.line))
    const ended = keeping.then(() => {}, (error: unknown) => {
      this.#ledger.drop('encode-failed')
      this.#options.onError(error)
    }).finally(() => {
      this.#underway.delete(ended)
      if (this.#latest.get(picture.line) === ended) this.#latest.delete(picture.line)
      const others = (this.#encoding.get(picture.line) ?? 1) - 1
      if (others === 0) this.#encoding.delete(picture.line)
      else this.#encoding.set(picture.line, others)
    })
    this.#underway.add(ended)
    this.#latest.set(picture.line, ended)
    return keeping
  }

  /** What the page shows, newest first. */
  entries (line: string): KeptEntry[] {
    return this.#gallery.entries(line)
  }

  /** From memory, else from the disk. @throws GOODPARTS_STORE_FAILED */
  async find (line: string, eventId: string): Promise<KeptEntry | undefined> {
    const kept = this.#gallery.find(line, eventId)?.entry ?? await this.#options.history?.inspection(line, eventId) ?? undefined
    return kept === undefined ? undefined : { line, record: kept.record, sha256: kept.sha256 }
  }

  /** The pixels that were judged, as PNG; `undefined` once they had to make room. @throws GOODPARTS_STORE_FAILED */
  async lossless (line: string, eventId: string): Promise<Uint8Array | undefined> {
    return this.#gallery.find(line, eventId)?.pictures?.lossless ?? await this.#options.history?.lossless(line, eventId) ?? undefined
  }

  /** From memory, else from the disk; `undefined` when neither has it. */
  async packet (sha256: string): Promise<Uint8Array | undefined> {
    return this.#gallery.packet(sha256) ?? await this.#options.history?.picture(sha256) ?? undefined
  }

  /** Kept inspections, newest first, a page at a time. */
  async inspections (line: string, before?: number): Promise<HistoryEntry[]> {
    return await this.#options.history?.recent({ line, limit: PAGE, ...(before === undefined ? {} : { before }) }) ?? []
  }

  /** Lines that were there before this server and that `isWanted` accepts, by their newest inspection. */
  async formerLines (isWanted: (line: string) => boolean): Promise<string[]> {
    const since = new Date(this.#options.now() - RESTORED.milliseconds).toISOString()
    const lines = await this.#options.history?.lines(since, RESTORED.named) ?? []
    return lines.filter(isWanted).slice(0, RESTORED.lines)
  }

  /** Brings back the parts of a line from the disk; `false` when there are none. */
  async restore (line: string): Promise<boolean> {
    const era = this.#options.era(line)
    const limit = this.#gallery.bounds.entriesPerLine
    const kept = await Promise.all(RESTORED.verdicts.map(async (verdict) => await this.#options.history?.recent({ line, verdict, limit }) ?? []))
    if (this.#options.era(line) !== era) return false
    const newestFirst = kept.flat().sort((a, b) => b.position - a.position)
    return this.#gallery.restore(line, newestFirst.map(({ record, sha256 }) => ({ line, record, sha256 })))
  }

  /** After what was taken is encoded and stored. */
  async close (): Promise<void> {
    await Promise.all(this.#underway)
    this.#ledger.close()
    await this.#options.history?.close().catch(this.#options.onError)
  }

  /** Parts are encoded beside each other and kept in the order in which they came. */
  async #keep (picture: LinePicture, earlier: Promise<void> | undefined): Promise<KeptEntry> {
    const { line, record, frame } = picture
    if (record === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the part to be judged, got a picture only')
    const era = this.#options.era(line)
    const { width, height, channels } = frame
    const encoded = encodePng({ data: frame.pixels(), width, height, channels }, 1)
    const [packet, lossless] = await Promise.all([this.#options.encoder.packet(picture), encoded, earlier])
    this.#ledger.leave()
    const entry = { line, record, sha256: contentHash(packet) }
    // Whether the disk takes it is the history's to count and to tell; the line's next picture does not wait for it.
    const stored = this.#options.history?.add(line, record, { sha256: entry.sha256, bytes: packet, lossless })
    if (this.#options.era(line) === era) {
      this.#gallery.keep(entry, { packet, lossless })
      this.#options.onKept(entry)
    }
    stored?.then((isStored) => { if (isStored) this.#gallery.stored(entry.sha256) }).catch(() => {})
    return entry
  }
}
