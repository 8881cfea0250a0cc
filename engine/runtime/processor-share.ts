/** Shares the processor among the models of this process: more running threads than cores would make every verdict late, not one. */
import { availableParallelism } from 'node:os'

export class ProcessorShare {
  readonly #cores: number
  readonly #waiting: Array<{ cores: number, start: () => void }> = []
  #used = 0

  constructor (cores = availableParallelism()) {
    this.#cores = cores
  }

  /** Runs `work` when `cores` of them are free (all, when it asks for more than there are), first come, first served. */
  async run<Result> (cores: number, work: () => Promise<Result>): Promise<Result> {
    const share = Math.min(cores, this.#cores)
    await new Promise<void>((resolve) => {
      this.#waiting.push({ cores: share, start: resolve })
      this.#admit()
    })
    try {
      return await work()
    } finally {
      this.#used -= share
      this.#admit()
    }
  }

  #admit (): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#used + next.cores <= this.#cores; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#used += next.cores
      next.start()
    }
  }
}
