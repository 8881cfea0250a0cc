/** The main thread's side of the I/O thread: one thread per process, started with the first store and ended with the last. */
import { Worker } from 'node:worker_threads'
import { GoodpartsError } from '../errors.ts'
import { siblingModule } from '../sibling-module.ts'
import type { IoReply, IoRequest, StoreKinds } from './io-protocol.ts'

/** Requests that may be under way at once; beyond it the caller is refused, so that a stuck disk cannot fill the memory. */
const MAXIMUM_REQUESTS = 1000

type Kind = keyof StoreKinds
type Method<Table> = { [Name in keyof Table]: Table[Name] extends (...values: never[]) => unknown ? Name : never }[keyof Table] & string
type Call<Table, Name extends keyof Table> = Table[Name] extends (...values: infer Values) => infer Result ? { values: Values, result: Result } : never

/** An error of the I/O thread; `diskFull` tells that only room was missing. */
export class StoreError extends GoodpartsError {
  readonly diskFull: boolean = false

  static from ({ code, message, fix, diskFull }: NonNullable<IoReply['error']>): StoreError {
    return Object.assign(new StoreError(code, message, fix === null ? {} : { fix }), { diskFull })
  }
}

let current: IoThread | undefined

/** A table in the I/O thread. Opens with the first call, and again after that thread has died. */
export class Store<K extends Kind> {
  readonly #kind: K
  readonly #options: StoreKinds[K]['options']
  #thread: IoThread | undefined
  #opening: Promise<void> | undefined
  #closed = false
  #id = 0

  constructor (kind: K, options: StoreKinds[K]['options']) {
    this.#kind = kind
    this.#options = options
  }

  /** @throws what the table throws; GOODPARTS_STORE_FAILED when the thread died, GOODPARTS_QUEUE_FULL when the disk does not keep up */
  async call<Name extends Method<StoreKinds[K]['table']>> (method: Name, ...values: Call<StoreKinds[K]['table'], Name>['values']): Promise<Call<StoreKinds[K]['table'], Name>['result']> {
    const thread = await this.#open()
    return await thread.request(this.#id, method, values)
  }

  /** Closes the file for good; the thread ends with the last store. */
  async close (): Promise<void> {
    this.#closed = true
    const thread = this.#thread
    this.#thread = undefined
    if (thread === undefined) return
    try {
      await this.#opening
    } catch {
      // Nothing was opened, and the thread is released already.
      return
    }
    try {
      if (!thread.dead) await thread.request(this.#id, 'close', [])
    } finally {
      await release(thread)
    }
  }

  async #open (): Promise<IoThread> {
    // A late caller must not take the file from the next owner.
    if (this.#closed) throw new GoodpartsError('GOODPARTS_STORE_FAILED', 'Expected the store to be open, got a call after close')
    const before = this.#thread
    if (before?.dead === true) {
      // First, so that one caller alone releases it.
      this.#thread = undefined
      await release(before)
    }
    if (this.#thread === undefined) {
      const thread = acquire()
      this.#thread = thread
      this.#id = thread.nextId()
      this.#opening = thread.request(this.#id, 'open', [this.#kind, this.#options]).then(() => {}, async (error: unknown) => {
        this.#thread = undefined
        await release(thread)
        throw error
      })
    }
    const thread = this.#thread
    await this.#opening
    return thread
  }
}

class IoThread {
  dead = false
  readonly #worker = new Worker(siblingModule(import.meta.url, './io-worker'), { name: 'goodparts-io' })
  readonly #pending = new Map<number, { resolve: (result: unknown) => void, reject: (error: Error) => void }>()
  #ids = 0

  constructor () {
    this.#worker.on('message', (reply: IoReply) => { this.#settle(reply) })
    this.#worker.on('error', (error: unknown) => { this.#die(error instanceof Error ? error.message : String(error)) })
    this.#worker.on('exit', () => { this.#die('it ended') })
  }

  nextId (): number {
    return ++this.#ids
  }

  async request (store: number, method: string, values: unknown[]): Promise<unknown> {
    if (this.#pending.size >= MAXIMUM_REQUESTS) throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected the disk to keep up, got ${this.#pending.size} waiting requests`)
    return await new Promise((resolve, reject) => {
      const request: IoRequest = { id: this.nextId(), store, method, values }
      this.#pending.set(request.id, { resolve, reject })
      this.#worker.postMessage(request)
    })
  }

  async end (): Promise<void> {
    await this.#worker.terminate()
  }

  #settle ({ id, result, error }: IoReply): void {
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(StoreError.from(error))
  }

  #die (reason: string): void {
    this.dead = true
    if (current === this) current = undefined
    for (const { reject } of this.#pending.values()) reject(new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected the I/O thread to answer, got "${reason}"`))
    this.#pending.clear()
  }
}

/** How many stores each thread serves. */
const users = new WeakMap<IoThread, number>()

function acquire (): IoThread {
  current ??= new IoThread()
  users.set(current, (users.get(current) ?? 0) + 1)
  return current
}

async function release (thread: IoThread): Promise<void> {
  const left = (users.get(thread) ?? 1) - 1
  users.set(thread, left)
  if (left > 0) return
  if (current === thread) current = undefined
  await thread.end()
}
