/**
 * What people say of parts at the live page: kept for every browser and over a restart, and handed to the line's replay buffer with the very
 * pixels that were judged. Entered in the audit log first, and acknowledged only when it is on the disk.
 */
import { randomUUID } from 'node:crypto'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { LiveRole, PartWord, Withdrawal } from '../../schemas/learning.ts'
import { GoodpartsError } from '../errors.ts'
import { isHeard, mostWords, wordsOf } from '../heard-words.ts'
import { readLabelText, readProductName } from '../label-text.ts'
import type { AuditRecord } from '../store/audit-chain.ts'
import type { History } from '../store/history.ts'
import type { KeptParts } from './kept-parts.ts'
import type { LearningLines } from './learning-line.ts'
import { contentHash } from './protocol.ts'

/** Of one line, in memory and with every browser; the disk has more. */
const REMEMBERED = 500
/** Words of one line that may wait for the disk. */
const WAITING = 64

/** Somebody has said something of a part, or has taken it back. */
export interface SaidOfPart {
  line: string
  eventId: string
  /** `null` once it had to make room, which only a withdrawal outlives. */
  record: InspectionRecord | null
  word: PartWord
  withdrawn: boolean
  /** PNG; `null` as the record. */
  picture: Uint8Array | null
}

export interface PartWordsOptions {
  parts: KeptParts
  /** What is remembered, by line and event id; outlives these. */
  words: Map<string, Map<string, PartWord>>
  history: History | undefined
  learning: LearningLines
  now: () => number
  /** As for `KeptParts`. */
  era: (line: string) => unknown
  onSaid: (said: SaidOfPart) => void
}

/** Of a word that nobody says at the page. */
export interface WordOrigin {
  who?: string
  wordId?: string
}

export class PartWords {
  readonly #options: PartWordsOptions
  readonly #words: Map<string, Map<string, PartWord>>
  /** The last words of parts of which nothing stands, by event id: one of them may be delivered again. */
  readonly #takenBack = new Map<string, PartWord>()
  /** By line, one after another: two browsers may say different things of the same part. A line whose buffer is held up holds up no other. */
  readonly #turns = new Map<string, { last: Promise<unknown>, waiting: number }>()

  constructor (options: PartWordsOptions) {
    this.#options = options
    this.#words = options.words
  }

  /** By event id, of the parts that were talked of last. */
  of (line: string): Record<string, PartWord> {
    return Object.fromEntries(this.#words.get(line) ?? [])
  }

  /**
   * Resolves when the word and its picture are on the disk, as far as there is one for them. `who` stands in the audit log, default: the role; `wordId` as in `LearningLine.keep`: a word that was heard of
   * the part before changes nothing, also where it was taken back meanwhile. @returns what stands, or was taken back
   * @throws GOODPARTS_PART_GONE when the part or its picture is no longer kept, GOODPARTS_ARGUMENT as `readLabelText` and `readProductName`, GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED
   */
  async say (line: string, eventId: string, label: string, by: LiveRole, { who = `role:${by}`, wordId }: WordOrigin = {}): Promise<PartWord> {
    const named = readLabelText(label)
    const era = this.#options.era(line)
    return await this.#inTurn(line, async () => {
      const { record } = await this.#part(line, eventId)
      const picture = await this.#options.parts.lossless(line, eventId)
      if (picture === undefined) throw new GoodpartsError('GOODPARTS_PART_GONE', 'Expected the part to be kept with the pixels that were judged, got one that made room for newer ones', { fix: 'Say it of a newer part' })
      const buffer = this.#options.learning.of(line)
      const said = { label: named, product: readProductName(record.product ?? buffer?.state.product ?? 'part', 'the product of the part'), partId: record.partId }
      const known = [this.#words.get(line)?.get(eventId) ?? this.#takenBack.get(eventId) ?? []].flat()
      if (known[0] !== undefined && isHeard({ ...said, word: wordId }, known)) return known[0]
      const id = wordId ?? randomUUID()
      const words = [...wordsOf(known).filter((each) => each !== id), id].slice(-mostWords)
      const hash = contentHash(picture)
      const word = await this.#entered({ who, line, kind: 'label', details: { ...said, eventId, sha256: hash } }, async () => {
        const sha256 = await buffer?.keep(picture, { ...said, ...(wordId === undefined ? {} : { wordId }) }, record)
        const kept: PartWord = { ...said, by, at: new Date(this.#options.now()).toISOString(), keptBy: buffer?.state.id ?? null, picture: sha256 ?? hash, words }
        await this.#store({ line, eventId, era }, kept, buffer !== undefined)
        return kept
      })
      this.#options.onSaid({ line, eventId, record, word, withdrawn: false, picture })
      return word
    })
  }

  /** @returns what becomes of it. @throws GOODPARTS_NOTHING_TO_TAKE_BACK where nothing was said, GOODPARTS_STORE_FAILED */
  async withdraw (line: string, eventId: string, by: LiveRole): Promise<Withdrawal> {
    const era = this.#options.era(line)
    return await this.#inTurn(line, async () => {
      const word = this.#words.get(line)?.get(eventId)
      if (word === undefined) throw new GoodpartsError('GOODPARTS_NOTHING_TO_TAKE_BACK', 'Expected something to have been said of the part, got nothing')
      const buffer = this.#options.learning.of(line)
      const learned = await this.#entered({ who: `role:${by}`, line, kind: 'label-withdrawn', details: { eventId, sha256: word.picture, label: word.label } }, async () => {
        const became = buffer !== undefined && buffer.state.id === word.keptBy ? await buffer.withdraw(word.picture) : 'not-learned'
        await this.#store({ line, eventId, era }, null, buffer !== undefined)
        return became
      })
      this.#takenBack.set(eventId, word)
      for (const oldest of [...this.#takenBack.keys()].slice(0, -REMEMBERED)) this.#takenBack.delete(oldest)
      const part = await this.#options.parts.find(line, eventId)
      this.#options.onSaid({ line, eventId, record: part?.record ?? null, word, withdrawn: true, picture: await this.#options.parts.lossless(line, eventId) ?? null })
      return learned
    })
  }

  /** Brings back from the disk what was said; `false` when there is nothing new. */
  async restore (line: string): Promise<boolean> {
    const era = this.#options.era(line)
    const known = await this.#options.history?.words(line, REMEMBERED) ?? []
    if (this.#options.era(line) !== era) return false
    for (const [eventId, word] of known) if (this.#words.get(line)?.has(eventId) !== true) this.#remember(line, eventId, word)
    return known.length > 0
  }

  /** After what waits is written. */
  async close (): Promise<void> {
    await Promise.all([...this.#turns.values()].map(async ({ last }) => last))
  }

  async #part (line: string, eventId: string): Promise<{ record: InspectionRecord }> {
    const found = await this.#options.parts.find(line, eventId)
    if (found !== undefined) return found
    throw new GoodpartsError('GOODPARTS_PART_GONE', `Expected ${eventId} to be a part that is kept, got none`, { fix: 'Older parts make room for newer ones' })
  }

  async #entered<T> (record: AuditRecord, change: () => Promise<T>): Promise<T> {
    const { audit } = this.#options.learning
    return await (audit === undefined ? change() : audit.before(record, change))
  }

  /** A replay buffer that has the word on its disk already is enough: the history is only for showing it. */
  async #store ({ line, eventId, era }: { line: string, eventId: string, era: unknown }, word: PartWord | null, isKept: boolean): Promise<void> {
    try {
      await this.#options.history?.say(line, eventId, word)
    } catch (error) {
      if (!isKept) throw error
    }
    if (this.#options.era(line) === era) this.#remember(line, eventId, word)
  }

  #remember (line: string, eventId: string, word: PartWord | null): void {
    const words = this.#words.get(line) ?? new Map<string, PartWord>()
    this.#words.set(line, words)
    words.delete(eventId)
    if (word !== null) words.set(eventId, word)
    for (const oldest of words.keys()) {
      if (words.size <= REMEMBERED) break
      words.delete(oldest)
    }
  }

  async #inTurn<T> (line: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(line) ?? { last: Promise.resolve(), waiting: 0 }
    if (turn.waiting >= WAITING) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected the disk to keep up with what people say, got ${turn.waiting} words that wait`, { fix: 'Try again' })
    this.#turns.set(line, turn)
    turn.waiting++
    const result = turn.last.then(work)
    turn.last = result.catch(() => {}).then(() => {
      turn.waiting--
      if (turn.waiting === 0) this.#turns.delete(line)
    })
    return await result
  }
}
