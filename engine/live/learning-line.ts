/** What keeps a line learning, as far as the live page is concerned: a replay buffer attaches itself here. */
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { LearningSheet, LearningState, PartWord, Withdrawal } from '../../schemas/learning.ts'
import { AtMostEvery } from '../at-most-every.ts'
import type { AuditLog } from '../store/audit-log.ts'

export interface LearningLine {
  readonly state: LearningState
  /**
   * Resolves when an encoded, lossless picture and what a person says of it are on the disk. The same `wordId` again is the same word; without one it is a new one.
   * @returns SHA-256 of the picture. @throws GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED
   */
  keep: (picture: Uint8Array, word: Pick<PartWord, 'product' | 'label' | 'partId'> & { wordId?: string }, inspection: InspectionRecord) => Promise<string>
  /** The person takes it back. @returns what becomes of it */
  withdraw: (sha256: string) => Promise<Withdrawal>
  /** Everything that is kept or waits. */
  sheet: () => LearningSheet
  /** Encoded; `null` for a hash of none. */
  picture: (sha256: string) => Promise<Uint8Array | null>
  /** Another word for a picture that is kept or waits. @throws GOODPARTS_PART_GONE when there is none, GOODPARTS_STORE_FAILED */
  relabel: (sha256: string, said: Pick<PartWord, 'product' | 'label'>) => Promise<void>
  /** Begins an update unless one runs; `null` = of the kind that the form says. */
  update: (mode: 'recalibrate' | null) => void
  cancel: () => Promise<void>
  /** Puts this bundle back, `null` = the one before; resolves when it is in use. @throws GOODPARTS_NOTHING_TO_TAKE_BACK where there is none */
  rollBack: (to: string | null) => Promise<void>
}

/** Which line learns by which replay buffer; one attached under an empty name serves the lines that have none of their own. */
export class LearningLines {
  /** Where what people say is entered before it is kept; `undefined`: nowhere. */
  readonly audit: AuditLog | undefined
  readonly #attached = new Map<string, LearningLine>()
  readonly #listeners = new Set<() => void>()
  /** A replay buffer sees every part, and each of them changes a little. */
  readonly #telling = new AtMostEvery(250, () => { for (const listener of this.#listeners) listener() })

  constructor (options: { audit?: AuditLog } = {}) {
    this.audit = options.audit
  }

  /** The latest under a name counts. @returns detaches it */
  attach (line: string, learning: LearningLine): () => void {
    this.#attached.set(line, learning)
    this.changed()
    return () => {
      if (this.#attached.get(line) !== learning) return
      this.#attached.delete(line)
      this.changed()
    }
  }

  of (line: string): LearningLine | undefined {
    return this.#attached.get(line) ?? this.#attached.get('')
  }

  /** The state of one may have changed. */
  changed (): void {
    this.#telling.ask()
  }

  /** @returns ends the listening */
  listen (listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }
}
