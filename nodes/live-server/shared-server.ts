/** One live server for all nodes that name it: listens with the first, stops after the last, tries again while its port is taken. */
import { asGoodpartsError, type GoodpartsError } from '../../engine/errors.ts'
import type { LiveServer } from '../../engine/live/server.ts'

const RETRY_MS = 5000

export interface SharedServerOptions {
  /** A server that is not started yet. */
  open: () => Promise<LiveServer>
  onListening: (url: string) => void
  /** Told once per kind of trouble, not at every attempt. */
  onFailed: (error: GoodpartsError) => void
  retryMs?: number
}

export interface ServerLease {
  /** `undefined` while it does not listen. */
  server: () => LiveServer | undefined
  /** Why it does not listen. */
  problem: () => GoodpartsError | undefined
  /** Resolves when it has tried to listen for this lease; never rejects. */
  tried: Promise<void>
  release: () => Promise<void>
}

export class SharedServer {
  readonly #options: SharedServerOptions
  #users = 0
  #server: LiveServer | undefined
  #problem: GoodpartsError | undefined
  #retry: NodeJS.Timeout | undefined
  /** Starts and stops follow each other, never overlap. */
  #turn: Promise<void> = Promise.resolve()

  constructor (options: SharedServerOptions) {
    this.#options = options
  }

  lease (): ServerLease {
    this.#users++
    const tried = this.#settle().catch(() => {})
    let released = false
    return {
      server: () => this.#server,
      problem: () => this.#problem,
      tried,
      release: async () => {
        if (released) return
        released = true
        this.#users--
        await this.#settle()
      }
    }
  }

  /** Stops it whoever uses it. */
  async close (): Promise<void> {
    this.#users = 0
    await this.#settle()
  }

  /** Brings the server to what its users need. */
  async #settle (): Promise<void> {
    // What went wrong before does not stop the next.
    this.#turn = this.#turn.catch(() => {}).then(async () => {
      clearTimeout(this.#retry)
      if (this.#users > 0 && this.#server === undefined) await this.#start()
      if (this.#users <= 0 && this.#server !== undefined) await this.#stop()
    })
    await this.#turn
  }

  async #start (): Promise<void> {
    try {
      const server = await this.#options.open()
      const { url } = await server.start()
      this.#server = server
      this.#problem = undefined
      this.#options.onListening(url)
    } catch (cause) {
      const error = asGoodpartsError(cause, 'GOODPARTS_LIVE_FAILED')
      if (error.message !== this.#problem?.message) this.#options.onFailed(error)
      this.#problem = error
      if (error.retriable) this.#retry = setTimeout(() => { this.#settle().catch(() => {}) }, this.#options.retryMs ?? RETRY_MS).unref()
    }
  }

  async #stop (): Promise<void> {
    const server = this.#server
    this.#server = undefined
    await server?.stop()
  }
}
