/**
 * Shared memory of frames, and its return. V8 does not count shared memory as pressure on its collector (a buffer may belong to
 * several threads), so dead frames pile up by the gigabyte unless somebody asks. Asked for are collections of the young generation, about a
 * millisecond each: they free a frame and every view of it as soon as nobody can see them. Frames that lived long enough to grow old wait
 * for a full collection, which is asked for only when the process has grown by much.
 *
 * Memory is not pooled: V8 tells a FinalizationRegistry of the dead after full collections only, and keeps what is registered until then
 * (docs/decisions/0006-frame-memory.md has the measurements). Each thread that is sent frames has objects of its own over the same memory: it calls `saw`.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { GoodpartsError } from '../errors.ts'

export interface FrameMemoryCounters {
  taken: number
  /** Bytes of those, whether freed meanwhile or not. */
  takenBytes: number
  /** How often there was no room. */
  refused: number
  youngCollections: number
  fullCollections: number
}

/** Of the process and the machine, bytes. */
export interface Surroundings {
  collect: (generation: 'young' | 'full') => void
  resident: () => number
  available: () => number
  /** Milliseconds. */
  now: () => number
}

const MIB = 2 ** 20
/** Bytes of new frames after which the young generation is collected. */
const YOUNG_EVERY = 24 * MIB
/** Growth of the process after which everything is collected. */
const FULL_AFTER = 512 * MIB
const FULL_INTERVAL_MS = 2000
/** What frames leave to everybody else on the machine. */
const RESERVE = 192 * MIB
const RETRY_MS = 200

export class FrameMemory {
  readonly #around: Surroundings
  #sinceYoung = 0
  #residentAfterFull: number | undefined
  #lastFull = -Infinity
  #counters: FrameMemoryCounters = { taken: 0, takenBytes: 0, refused: 0, youngCollections: 0, fullCollections: 0 }

  constructor (surroundings: Partial<Surroundings> = {}) {
    this.#around = {
      collect: collectGarbage, resident: () => process.memoryUsage.rss(), available: () => process.availableMemory(), now: () => performance.now(), ...surroundings
    }
  }

  get counters (): FrameMemoryCounters {
    return { ...this.#counters }
  }

  /** `byteLength` bytes; `undefined` when the machine has too little left: wait with `whenReleased`, or take it with `takeWithin`. */
  take (byteLength: number): SharedArrayBuffer | undefined {
    if (this.#around.available() < RESERVE + byteLength) {
      this.#counters.refused++
      this.#collectAll()
      return undefined
    }
    this.#counters.taken++
    this.#counters.takenBytes += byteLength
    this.saw(byteLength)
    return new SharedArrayBuffer(byteLength)
  }

  /** `byteLength` bytes, as soon as the machine has them. @throws GOODPARTS_MEMORY_LOW when it has not for `limitMs` milliseconds */
  async takeWithin (limitMs: number, byteLength: number): Promise<SharedArrayBuffer> {
    for (const until = this.#around.now() + limitMs; ;) {
      const memory = this.take(byteLength)
      if (memory !== undefined) return memory
      if (this.#around.now() >= until) {
        const [needed, available] = [RESERVE + byteLength, this.#around.available()].map((bytes) => `${(bytes / MIB).toFixed(0)} MiB`)
        throw new GoodpartsError('GOODPARTS_MEMORY_LOW', `Expected ${needed} of memory for a picture and a reserve, got ${available}, for ${limitMs / 1000} s`, { fix: 'Free memory on this machine, send fewer pictures at once, or smaller ones' })
      }
      await new Promise<void>((resolve) => { this.whenReleased(resolve) })
    }
  }

  /** A frame of `byteLength` bytes came to this thread from another. */
  saw (byteLength: number): void {
    this.#sinceYoung += byteLength
    if (this.#sinceYoung < YOUNG_EVERY) return
    this.#sinceYoung = 0
    this.#counters.youngCollections++
    this.#around.collect('young')
    const resident = this.#around.resident()
    this.#residentAfterFull ??= resident
    if (resident - this.#residentAfterFull > FULL_AFTER) this.#collectAll()
  }

  /** Calls back once, when it is worth another try. */
  whenReleased (callback: () => void): void {
    setTimeout(callback, RETRY_MS)
  }

  #collectAll (): void {
    const now = this.#around.now()
    if (now - this.#lastFull < FULL_INTERVAL_MS) return
    this.#lastFull = now
    this.#counters.fullCollections++
    this.#around.collect('full')
    this.#residentAfterFull = undefined
  }
}

let garbageCollector: ((options: { type: 'minor' | 'major', execution: 'sync' | 'async' }) => unknown) | undefined

function collectGarbage (generation: 'young' | 'full'): void {
  if (garbageCollector === undefined) {
    setFlagsFromString('--expose-gc')
    garbageCollector = runInNewContext('gc') as NonNullable<typeof garbageCollector>
  }
  garbageCollector(generation === 'young' ? { type: 'minor', execution: 'sync' } : { type: 'major', execution: 'async' })
}

/** The memory that all sources of this thread share. */
export const frameMemory = new FrameMemory()
