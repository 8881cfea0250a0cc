/** Progress of long work on standard error: one line that is redrawn on a terminal, a line now and then elsewhere. */
import { lossText } from '../engine/training/loss-curve.ts'

export interface ProgressOutput {
  write (text: string): unknown
  isTTY?: boolean | undefined
  columns?: number | undefined
}

/** Milliseconds between two drawings. */
const redrawEvery = 100
const lineEvery = 5000

/** For families that are trained; nothing where there is no loss. */
export function lossNote (loss: number | undefined): string {
  return loss === undefined ? '' : lossText(loss)
}

export class Progress {
  readonly #output: ProgressOutput
  readonly #now: () => number
  #stage = ''
  #begun: number
  #drawn: number
  #shown = false

  constructor (output: ProgressOutput = process.stderr, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
    this.#begun = now()
    this.#drawn = output.isTTY === true ? -Infinity : now()
  }

  /** `total` 0 = not known; `note` stands at the end of the line; `whole`: how far all stages together are, 0 to 1, where it is known. */
  update (stage: string, done: number, total: number, note = '', whole?: number): void {
    const now = this.#now()
    const terminal = this.#output.isTTY === true
    if (stage !== this.#stage) {
      this.#stage = stage
      this.#begun = now
    }
    if (now - this.#drawn < (terminal ? redrawEvery : lineEvery)) return
    this.#drawn = now
    const text = progressText(stage, done, total, note, (now - this.#begun) / 1000, whole)
    this.#output.write(terminal ? `\r\u001b[2K${text.slice(0, this.#width() - 1)}` : `${text}\n`)
    this.#shown = terminal
  }

  /** A terminal that does not know its width says 0. */
  #width (): number {
    const { columns = 0 } = this.#output
    return columns > 0 ? columns : 80
  }

  /** A line that stays, above the progress. */
  print (text: string): void {
    this.clear()
    this.#output.write(`${text}\n`)
  }

  /** Takes the line away; to be called when the work has ended, however it has. */
  clear (): void {
    if (this.#shown) this.#output.write('\r\u001b[2K')
    this.#shown = false
  }
}

function progressText (stage: string, done: number, total: number, note: string, seconds: number, whole?: number): string {
  const known = seconds > 0.5 && done > 0
  const count = total === 0 ? String(done) : `${whole === undefined ? `${bar(done / total)} ` : ''}${done}/${total}`
  const overall = whole === undefined ? '' : `${bar(whole)} ${Math.floor(100 * whole)} %`
  const rate = known ? `${formatRate(done / seconds)}/s` : ''
  const left = known && seconds > 2 && total > done ? `${formatSeconds(seconds / done * (total - done))} left` : ''
  return [overall, stage, count, rate, left, note].filter((part) => part !== '').join('  ')
}

function bar (share: number): string {
  const filled = Math.round(20 * Math.min(1, share))
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)}`
}

function formatRate (rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(2)
}

function formatSeconds (seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}
