/** The main thread's side of the thread that takes the statistics of pictures, which are pixel loops. */
import { AnsweringThread } from '../../answering-thread.ts'
import type { Frame } from '../../frame/frame.ts'
import type { LedgerSnapshot } from '../../frame/ledger.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { MeasuredPicture, Profiles } from './image-statistics.ts'

export interface StatisticsQuestion {
  frame: Pick<Frame, 'width' | 'height' | 'channels' | 'memory'>
  reference: Profiles | null
}

/** Statistics take milliseconds; a thread that has not answered by now does not answer any more. */
const LIMIT_MS = 10_000

export class StatisticsThread {
  readonly #thread: AnsweringThread<StatisticsQuestion, MeasuredPicture>

  /** One picture at a time and none waiting, so that no frame is held and pictures stay in order. `hop` names the place for the ledger. */
  constructor (hop: string) {
    this.#thread = new AnsweringThread({ hop, capacity: 1, limitMs: LIMIT_MS, name: 'goodparts-statistics', module: siblingModule(import.meta.url, './statistics-worker'), failure: 'GOODPARTS_INFERENCE_FAILED' })
  }

  /** As `measurePicture`. @throws GOODPARTS_QUEUE_FULL while another is measured, GOODPARTS_INFERENCE_FAILED when the thread fails */
  async measure ({ width, height, channels, memory }: Frame, reference: Profiles | null): Promise<MeasuredPicture> {
    return await this.#thread.ask({ frame: { width, height, channels, memory }, reference })
  }

  get ledger (): LedgerSnapshot {
    return this.#thread.ledger
  }

  async close (): Promise<void> {
    await this.#thread.close()
  }
}
