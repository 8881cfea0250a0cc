/** Labels on their way to the disk: each word is in the audit log before it is kept, once however often it is delivered. */
import { pngOf } from '../../engine/continual/frame-png.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import { sha256InTurn } from '../../engine/continual/picture-files.ts'
import { wordOf, type SaidLabel } from '../../engine/continual/said-word.ts'
import { asGoodpartsError, type ErrorCode, type GoodpartsError } from '../../engine/errors.ts'
import type { Frame } from '../../engine/frame/frame.ts'
import { WorkQueue } from '../../engine/frame/work-queue.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { AuditTrail } from '../shared/audit-trail.ts'
import { mostUnderWay } from './settings.ts'

/** Words that are remembered while they cannot be kept. */
const mostFailing = 1000

/** What speaks of the place of labels, not of one of them. */
const ofThePlace: ReadonlySet<ErrorCode> = new Set(['GOODPARTS_STORE_FAILED', 'GOODPARTS_QUEUE_FULL'])

export interface LabelKeepingOptions {
  /** Of the node. */
  id: string
  line: Pick<LineReplay, 'hasHeard' | 'labelPicture'>
  trail: AuditTrail
  /** `problem` is another than before. */
  show: () => void
}

export class LabelKeeping {
  readonly #options: LabelKeepingOptions
  /** Each piece holds a frame until it is encoded. */
  readonly #queue: WorkQueue
  /** Entered in the audit log, and then not kept: whoever sends them tries again. */
  readonly #failing = new Set<string>()
  #problem: GoodpartsError | null = null

  constructor (options: LabelKeepingOptions) {
    this.#options = options
    this.#queue = new WorkQueue(`replay-buffer/${options.id}`, mostUnderWay)
  }

  /** Why the last label could not be kept, until one is kept again. */
  get problem (): GoodpartsError | null {
    return this.#problem
  }

  /** Resolves when the label is on the disk. @throws GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED */
  async keep (frame: Frame, label: SaidLabel, inspection: InspectionRecord | null): Promise<void> {
    await this.#queue.run(async () => {
      const picture = await pngOf(frame)
      await this.watch(async () => this.#keepOnce(picture, label, inspection))
    })
  }

  /** Keeps a label in another way. @throws what `keeping` throws */
  async watch<T> (keeping: () => Promise<T>): Promise<T> {
    try {
      const kept = await keeping()
      this.#turnTo(null)
      return kept
    } catch (cause) {
      const error = asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')
      if (ofThePlace.has(error.code)) this.#turnTo(error)
      throw cause
    }
  }

  /** After what is under way. */
  async close (): Promise<void> {
    await this.#queue.close()
  }

  async #keepOnce (picture: Uint8Array, label: SaidLabel, inspection: InspectionRecord | null): Promise<void> {
    const { line, trail } = this.#options
    const sha256 = await sha256InTurn(picture)
    const entry = { kind: 'label' as const, details: { ...label, sha256 }, ...(inspection === null ? {} : { line: inspection.line }) }
    const keep = async (): Promise<void> => { await line.labelPicture(picture, label, inspection) }
    const name = JSON.stringify([sha256, label.product, label.label, wordOf(label, inspection)])
    if (this.#failing.has(name)) {
      // The log has the word already, and that it could not be kept: now it says that it is kept after all.
      await keep()
      await trail.add(entry)
      this.#failing.delete(name)
    } else if (!await line.hasHeard(sha256, label, inspection)) {
      await trail.before(entry, async () => {
        this.#remember(name)
        await keep()
        this.#failing.delete(name)
      })
    }
  }

  #remember (name: string): void {
    this.#failing.add(name)
    const [oldest] = this.#failing
    if (this.#failing.size > mostFailing && oldest !== undefined) this.#failing.delete(oldest)
  }

  #turnTo (problem: GoodpartsError | null): void {
    const isOther = problem?.message !== this.#problem?.message
    this.#problem = problem
    if (isOther) this.#options.show()
  }
}
