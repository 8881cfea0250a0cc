/**
 * Memory of frames, used again when nobody can see it any more. Each taker gets a SharedArrayBuffer object of its own over
 * pooled memory; a Frame holds that object and so does every view of its pixels, hence when it is collected, no view is left.
 *
 * V8 does not count shared memory as pressure on its collector (a buffer may be shared by several isolates), so without
 * help hundreds of megabytes of dead frames would pile up between collections: the pool asks for a young-generation
 * collection, which takes about a millisecond, after every few fresh allocations.
 *
 * Memory posted to a worker is seen there through another object: whoever posts it keeps the Frame until the worker is done.
 */
import { totalmem } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface FrameMemoryCounters {
  /** Bytes that frames hold, those not collected yet included. */
  liveBytes: number
  /** Bytes waiting to be used again. */
  idleBytes: number
  taken: number
  /** How many of `taken` used memory again. */
  reused: number
  /** How often there was none left. */
  refused: number
  collections: number
}

type Collect = (kind: 'minor' | 'major') => void

interface FrameMemoryOptions {
  /** Frames may hold at most this, bytes. Default: a quarter of the machine's memory, at most 2 GiB. */
  liveLimit?: number
  /** Kept for use again at most, bytes. */
  idleLimit?: number
  /** Fresh allocations, in bytes, after which a collection is asked for. */
  collectEvery?: number
  collect?: Collect
}

export class FrameMemory {
  readonly #liveLimit: number
  readonly #idleLimit: number
  readonly #collectEvery: number
  readonly #collect: Collect
  readonly #idle = new Map<number, SharedArrayBuffer[]>()
  readonly #unseen: FinalizationRegistry<SharedArrayBuffer>
  readonly #waiting = new Set<() => void>()
  #fresh = 0
  #collecting = false
  #counters: FrameMemoryCounters = { liveBytes: 0, idleBytes: 0, taken: 0, reused: 0, refused: 0, collections: 0 }

  constructor (options: FrameMemoryOptions = {}) {
    this.#liveLimit = options.liveLimit ?? Math.min(2 ** 31, totalmem() / 4)
    this.#idleLimit = options.idleLimit ?? 128 * 2 ** 20
    this.#collectEvery = options.collectEvery ?? 24 * 2 ** 20
    this.#collect = options.collect ?? collectGarbage
    this.#unseen = new FinalizationRegistry((memory) => { this.#release(memory) })
  }

  get counters (): FrameMemoryCounters {
    return { ...this.#counters }
  }

  /** `byteLength` bytes, not zeroed; `undefined` when frames hold all there may be: wait with `whenReleased`. */
  take (byteLength: number): SharedArrayBuffer | undefined {
    const counters = this.#counters
    if (counters.liveBytes + byteLength > this.#liveLimit && counters.liveBytes > 0) {
      counters.refused++
      this.#askForCollection('major')
      return undefined
    }
    const again = this.#idle.get(byteLength)?.pop()
    if (again === undefined) {
      this.#fresh += byteLength
      if (this.#fresh >= this.#collectEvery) this.#askForCollection('minor')
    } else {
      counters.idleBytes -= byteLength
      counters.reused++
    }
    counters.taken++
    counters.liveBytes += byteLength
    const memory = again ?? new SharedArrayBuffer(byteLength)
    const seen = structuredClone(memory)
    this.#unseen.register(seen, memory)
    return seen
  }

  /** Calls back once, when a frame's memory has come back. */
  whenReleased (callback: () => void): void {
    this.#waiting.add(callback)
    this.#askForCollection('major')
  }

  #release (memory: SharedArrayBuffer): void {
    const counters = this.#counters
    counters.liveBytes -= memory.byteLength
    if (counters.idleBytes + memory.byteLength > this.#idleLimit) this.#idle.clear()
    if (this.#idle.size === 0) counters.idleBytes = 0
    const idle = this.#idle.get(memory.byteLength)
    if (idle === undefined) this.#idle.set(memory.byteLength, [memory])
    else idle.push(memory)
    counters.idleBytes += memory.byteLength
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const callback of waiting) callback()
  }

  #askForCollection (kind: 'minor' | 'major'): void {
    this.#fresh = 0
    if (this.#collecting) return
    this.#collecting = true
    // Later and not here: the taker's stack may still hold the last frame.
    const wait = kind === 'minor' ? 0 : 200
    const timer = setTimeout(() => {
      this.#collecting = false
      this.#counters.collections++
      this.#collect(kind)
      if (this.#waiting.size > 0) this.#askForCollection('major')
    }, wait)
    timer.unref()
  }
}

let garbageCollector: ((options: { type: 'minor' | 'major', execution?: 'async' }) => unknown) | undefined | null

function collectGarbage (kind: 'minor' | 'major'): void {
  if (garbageCollector === undefined) {
    try {
      setFlagsFromString('--expose-gc')
      garbageCollector = runInNewContext('gc') as typeof garbageCollector
    } catch {
      garbageCollector = null
    }
  }
  garbageCollector?.({ type: kind, ...kind === 'major' ? { execution: 'async' } : {} })
}

/** The memory that all sources of this process share. */
export const frameMemory = new FrameMemory()
