/** Shares the processor among the models of this process: more running threads than cores would make every verdict late, not one. */
import { availableParallelism } from 'node:os'

export class ProcessorShare {
  readonly #cores: number
  readonly #waiting: Array<{ cores: number, computing: number, start: () => void }> = []
  readonly #listeners = new Set<(busy: boolean) => void>()
  #used = 0
  #computing = 0

  constructor (cores = availableParallelism()) {
    this.#cores = cores
  }

  /** Runs `work` when `cores` of them are free (all, when it asks for more than there are), first come, first served. `elsewhere`: on a GPU, while these mostly wait. */
  async run<Result> (cores: number, work: () => Promise<Result>, { elsewhere = false } = {}): Promise<Result> {
    const share = Math.min(cores, this.#cores)
    const computing = elsewhere ? 0 : share
    await new Promise<void>((resolve) => {
      this.#waiting.push({ cores: share, computing, start: resolve })
      this.#admit()
    })
    try {
      return await work()
    } finally {
      this.#use(-share, -computing)
      this.#admit()
    }
  }

  /**
   * Whether verdicts have half of the cores or more. What a virtual machine calls two cores is often one with two threads: a verdict on one of
   * them then has that one to itself only while the other rests.
   */
  get busy (): boolean {
    return this.#computing > 0 && this.#computing >= this.#cores / 2
  }

  /** Tells `listener` at once and whenever `busy` has changed. @returns what ends that. */
  watch (listener: (busy: boolean) => void): () => void {
    this.#listeners.add(listener)
    listener(this.busy)
    return () => { this.#listeners.delete(listener) }
  }

  #use (cores: number, computing: number): void {
    const before = this.busy
    this.#used += cores
    this.#computing += computing
    if (this.busy !== before) for (const listener of this.#listeners) listener(this.busy)
  }

  #admit (): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#used + next.cores <= this.#cores; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#use(next.cores, next.computing)
      next.start()
    }
  }
}

/** That of this process: all models share its cores. */
export const processorShare = new ProcessorShare()
