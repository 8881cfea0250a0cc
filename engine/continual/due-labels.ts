/** Whether so many labels of persons wait that an update is to begin by itself. */
import { removedLabel } from '../label-text.ts'
import { KeptTime } from './kept-time.ts'
import type { WaitingPicture } from './label-inbox.ts'

export class DueLabels {
  readonly #every: number
  /** On the disk, so that labels which an update has looked at do not begin another after a start. */
  readonly #from: KeptTime
  /** Labels that were told to be due, while no update has begun since. */
  #told = 0

  /** @param every Labels after which an update is due; 0 = never. @param path Of the file that remembers from when on labels count. */
  constructor (every: number, path: string) {
    this.#every = every
    this.#from = new KeptTime(path)
  }

  /** How many count, where that many are due and were not told before; else `null`. */
  of (waiting: readonly WaitingPicture[]): number | null {
    if (this.#every === 0) return null
    // After a clock that was put back all of them count.
    const from = this.#from.value <= new Date().toISOString() ? this.#from.value : ''
    const labels = waiting.filter(({ by, label, labelledAt = '' }) => by === 'person' && label !== removedLabel && labelledAt >= from).length
    if (labels < this.#told + this.#every) return null
    this.#told = labels
    return labels
  }

  /** An update begins. */
  begun (): void {
    this.#told = 0
  }

  /** Only what is said from then on counts. @param time ISO 8601 */
  async countFrom (time: string): Promise<void> {
    await this.#from.set(time)
  }

  /** What was to be remembered is on the disk, where that can be. */
  async close (): Promise<void> {
    await this.#from.close()
  }
}
