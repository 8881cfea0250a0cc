/** The main thread's side of the thread that embeds some of a line's parts and compares them with those before. */
import { AnsweringThread } from '../answering-thread.ts'
import type { EmbeddedPart, WindowResult } from '../decision/drift/embedding-drift.ts'
import type { Frame } from '../frame/frame.ts'
import type { LedgerSnapshot } from '../frame/ledger.ts'
import { siblingModule } from '../sibling-module.ts'

export interface WatchedPart extends Omit<EmbeddedPart, 'features'> {
  frame: Pick<Frame, 'width' | 'height' | 'channels' | 'memory'>
  /** Parts of another watch are forgotten. */
  watch: number
  falseAlarmRate: number
  seed: number
}

export interface WatchAnswer {
  /** `null` until a window is full. */
  window: WindowResult | null
}

/** The first answer waits for the backbone, at low priority beside lines that use the whole machine. */
const LIMIT_MS = 60_000

/** A deploy waits for a look that is under way, which nobody needs any more, no longer than this. */
const CLOSE_MS = 3000

export class EmbeddingWatchThread {
  readonly #thread: AnsweringThread<WatchedPart, WatchAnswer>

  /** One picture at a time and none waiting: a line that is faster is sampled. `hop` names the place for the ledger. */
  constructor (hop: string) {
    this.#thread = new AnsweringThread({ hop, capacity: 1, limitMs: LIMIT_MS, name: 'goodparts-embedding-watch', module: siblingModule(import.meta.url, './embedding-watch-worker'), failure: 'GOODPARTS_INFERENCE_FAILED' })
  }

  /** @throws GOODPARTS_QUEUE_FULL while another is embedded, GOODPARTS_INFERENCE_FAILED when the thread fails: it begins anew with the next part */
  async look ({ frame: { width, height, channels, memory }, ...part }: WatchedPart): Promise<WindowResult | null> {
    const { window } = await this.#thread.ask({ ...part, frame: { width, height, channels, memory } })
    return window
  }

  get ledger (): LedgerSnapshot {
    return this.#thread.ledger
  }

  async close (): Promise<void> {
    await this.#thread.close({ within: CLOSE_MS })
  }
}
