/** Progress of long work on standard error: one line that is redrawn on a terminal, a line now and then elsewhere. */
export interface ProgressOutput {
  write (text: string): unknown
  isTTY?: boolean | undefined
  columns?: number | undefined
}

/** Milliseconds between two drawings. */
const redrawEvery = 100
const lineEvery = 5000

export class Progress {
  readonly #output: ProgressOutput
  readonly #now: () => number
  #stage = ''
  #begun = 0
  #drawn = -Infinity
  #open = false

  constructor (output: ProgressOutput = process.stderr, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
  }

  /** `total` 0 = not known. A new stage ends the line of the one before. */
  update (stage: string, done: number, total: number, note = ''): void {
    const now = this.#now()
    if (stage !== this.#stage) {
      this.end()
      this.#stage = stage
      this.#begun = now
      this.#drawn = -Infinity
    }
    const finished = total > 0 && done >= total
    if (!finished && now - this.#drawn < (this.#output.isTTY === true ? redrawEvery : lineEvery)) return
    this.#drawn = now
    const text = progressText(stage, done, total, note, (now - this.#begun) / 1000)
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\u001b[2K${text.slice(0, (this.#output.columns ?? 80) - 1)}`)
      this.#open = true
      if (finished) this.end()
    } else this.#output.write(`${text}\n`)
    if (finished) this.#stage = ''
  }

  /** Leaves what stands on the line and goes to the next. */
  end (): void {
    if (this.#open) this.#output.write('\n')
    this.#open = false
  }
}

function progressText (stage: string, done: number, total: number, note: string, seconds: number): string {
  const rate = seconds > 0.5 && done > 0 ? `${formatRate(done / seconds)}/s` : ''
  const left = total > done && seconds > 2 && done > 0 ? `${formatSeconds(seconds / done * (total - done))} left` : ''
  const count = total > 0 ? `${bar(done / total)} ${done}/${total}` : `${done}`
  return [stage.padEnd(12), count, rate, left, note].filter((part) => part !== '').join('  ')
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
