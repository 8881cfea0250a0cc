/** Messages that wait for one node, oldest first, bounded in number and in bytes. */
import type { NodeMessage } from 'node-red'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { EncodedImage } from '../../engine/frame/encoded-image.ts'
import { isFrame } from '../../engine/frame/frame.ts'

/** Beyond, the oldest go. */
const MOST = 1000
/** Of pixels, maps and encoded pictures; beyond, the oldest records stay without theirs, and what is no record goes. */
const MOST_BYTES = 64 * 2 ** 20

interface Entry {
  msg: NodeMessage
  bytes: number
  canGoBare: boolean
}

export class KeptMessages {
  readonly #entries = new Map<number, Entry>()
  /** Those of `#entries` that have bytes. */
  readonly #heavy = new Set<number>()
  #bytes = 0
  #count = 0

  /** `isRecord`: worth keeping without its pictures too. @returns its number, and how many had to go for it, itself perhaps among them */
  add (msg: NodeMessage, isRecord: boolean): { number: number, gone: number } {
    const number = this.#count++
    const entry = { msg, bytes: bytesOf(msg), canGoBare: isRecord }
    this.#entries.set(number, entry)
    if (entry.bytes > 0) this.#heavy.add(number)
    this.#bytes += entry.bytes
    const before = this.#entries.size
    for (const heavy of this.#heavy) if (this.#bytes > MOST_BYTES) this.#lighten(heavy)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MOST && oldest !== undefined) this.delete(oldest)
    return { number, gone: before - this.#entries.size }
  }

  delete (number: number): void {
    this.#bytes -= this.#entries.get(number)?.bytes ?? 0
    this.#heavy.delete(number)
    this.#entries.delete(number)
  }

  /** Their numbers and they. */
  * [Symbol.iterator] (): IterableIterator<[number, NodeMessage]> {
    for (const [number, { msg }] of this.#entries) yield [number, msg]
  }

  get size (): number {
    return this.#entries.size
  }

  #lighten (number: number): void {
    const entry = this.#entries.get(number) as Entry
    const bare = entry.canGoBare ? withoutPictures(entry.msg) : undefined
    if (bare === undefined || bytesOf(bare) > 0) {
      this.delete(number)
      return
    }
    this.#bytes -= entry.bytes
    this.#heavy.delete(number)
    this.#entries.set(number, { msg: bare, bytes: 0, canGoBare: false })
  }
}

/** Of what a message holds by reference, and of what that holds. */
function bytesOf (message: object, depth = 2): number {
  return Object.values(message).reduce<number>((sum, value) => sum + bytesIn(value, depth), 0)
}

function bytesIn (value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (isFrame(value)) return value.memory.byteLength
  if (value instanceof AnomalyMap) return value.values().byteLength
  if (value instanceof EncodedImage) return value.bytes().byteLength
  if (ArrayBuffer.isView(value)) return value.byteLength
  return depth > 0 ? bytesOf(value, depth - 1) : 0
}

function withoutPictures (msg: NodeMessage): NodeMessage {
  return Object.fromEntries(Object.entries(msg).filter(([, value]) => bytesIn(value, 2) === 0))
}
