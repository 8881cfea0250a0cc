/**
 * One browser. Of each line that it watches it holds at most one picture that waits (a newer one replaces it) and two that are on
 * their way; text is refused, and counted, when the socket's own buffer is full. So a slow browser costs a bounded amount of memory.
 */
import type { LiveMessage, LiveRole, LiveStatistics } from '../../schemas/live.ts'
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'
import type { LinePicture } from './publication.ts'
import { RateMeter } from './rate-meter.ts'

const UNANSWERED = 2
/** A browser that could not read a picture says nothing of it: it must not stay dark for that. */
const ANSWER_MS = 10_000
const REJECT_WAITS_MS = 1000
const PICTURE_BUFFER_BYTES = 1 << 20
const TEXT_BUFFER_BYTES = 4 << 20

/** The part of a `ws` socket that is used here. */
export interface LiveSocket {
  readonly bufferedAmount: number
  readonly readyState: number
  send (data: string | Uint8Array): void
  close (code?: number, reason?: string): void
  terminate (): void
}

interface Delivery {
  waiting: LinePicture | undefined
  waitingSince: number
  /** Taken for encoding, or sent and not yet answered. */
  underway: Array<{ packet: number, since: number }>
  takenAt: number
  shown: RateMeter
}

export interface LiveClientOptions {
  role: LiveRole
  /** Most frames per second and line. */
  framesPerSecond: number
  /** The same numbers are kept for all browsers together. */
  total: Ledger
  /** Text messages to all browsers together. */
  texts: Ledger
  now: () => number
  /** A waiting picture may be taken now. */
  onReady: () => void
}

export class LiveClient {
  readonly role: LiveRole
  readonly #socket: LiveSocket
  readonly #options: LiveClientOptions
  readonly #ledger = new Ledger('live/browser')
  readonly #deliveries = new Map<string, Delivery>()
  #watched: ReadonlySet<string> | 'all' = 'all'
  #intervalMs: number
  #timer: NodeJS.Timeout | undefined
  #verdictsLost = 0
  /** Something other than a record was refused: the browser's picture of the lines is wrong until the next hello. */
  #isBehind = false
  #closed = false

  constructor (socket: LiveSocket, options: LiveClientOptions) {
    this.role = options.role
    this.#socket = socket
    this.#options = options
    this.#intervalMs = 1000 / options.framesPerSecond
    this.#ledger.close()
  }

  get verdictsLost (): number {
    return this.#verdictsLost
  }

  delivery (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  shownPerSecond (line: string): number {
    return this.#deliveries.get(line)?.shown.perSecond() ?? 0
  }

  watches (line: string): boolean {
    return this.#watched === 'all' || this.#watched.has(line)
  }

  /** Lines whose pictures are wanted, at most so many per second, never above the server's own limit; 0 = none. */
  watch (lines: readonly string[], framesPerSecond: number): void {
    this.#watched = new Set(framesPerSecond > 0 ? lines : [])
    this.#intervalMs = 1000 / Math.min(this.#options.framesPerSecond, Math.max(framesPerSecond, 0.1))
    for (const [line, delivery] of this.#deliveries) {
      if (!this.watches(line) && delivery.waiting !== undefined) {
        delivery.waiting = undefined
        this.#count('drop', 'not-watched')
      }
    }
  }

  /** A new picture of a line; it takes the place of one that still waits, unless that is a reject of the last second. */
  offer (picture: LinePicture): void {
    if (this.#closed || !this.watches(picture.line)) return
    const delivery = this.#delivery(picture.line)
    this.#count('enter')
    if (delivery.waiting !== undefined) this.#count('drop', 'superseded')
    if (this.#outranks(delivery, picture)) return
    delivery.waiting = picture
    delivery.waitingSince = this.#options.now()
  }

  /** Takes the waiting picture of a line when the browser can have it now. It must then be passed to `deliver` or `abandon`. */
  take (line: string): LinePicture | undefined {
    const delivery = this.#deliveries.get(line)
    if (delivery !== undefined) this.#giveUp(delivery)
    if (delivery?.waiting === undefined || delivery.underway.length >= UNANSWERED || this.#socket.bufferedAmount > PICTURE_BUFFER_BYTES) return undefined
    const now = this.#options.now()
    const due = delivery.takenAt + this.#intervalMs
    if (now < due) {
      this.#wakeAt(due - now)
      return undefined
    }
    const picture = delivery.waiting
    delivery.waiting = undefined
    // A timer or a line that comes a little late must not slow the pace on average.
    delivery.takenAt = now - due < this.#intervalMs ? due : now
    delivery.underway.push({ packet: picture.packet, since: now })
    return picture
  }

  deliver (packet: Uint8Array): void {
    if (!this.#closed) this.#socket.send(packet)
  }

  abandon (picture: LinePicture, reason: string): void {
    if (this.#answered(picture.line, picture.packet)) this.#count('drop', reason)
  }

  /** The browser says that a picture is on its screen. */
  shown (line: string, packet: number): void {
    if (!this.#answered(line, packet)) return
    this.#count('leave')
    this.#deliveries.get(line)?.shown.mark()
    this.#options.onReady()
  }

  /** The line is no more: what waits or is on its way will not be answered. */
  forget (line: string): void {
    const delivery = this.#deliveries.get(line)
    if (delivery === undefined) return
    this.#deliveries.delete(line)
    this.#count('drop', 'line-removed', delivery.underway.length + (delivery.waiting === undefined ? 0 : 1))
  }

  /** A text message; a full socket refuses it, which is counted. */
  tell (message: LiveMessage, text: string = JSON.stringify(message)): void {
    if (this.#closed) return
    const { texts } = this.#options
    texts.enter()
    if (this.#socket.bufferedAmount > TEXT_BUFFER_BYTES) {
      if (message.kind === 'verdict') this.#verdictsLost++
      else if (message.kind !== 'statistics') this.#isBehind = true
      texts.drop(`${message.kind}-refused`)
      return
    }
    this.#socket.send(text)
    texts.leave()
  }

  /** Says everything anew to a browser that was refused something, once it takes again. */
  catchUp (hello: () => LiveMessage): void {
    if (!this.#isBehind || this.#socket.bufferedAmount > PICTURE_BUFFER_BYTES) return
    this.#isBehind = false
    this.tell(hello())
  }

  tellStatistics (statistics: Omit<LiveStatistics, 'delivery' | 'verdictsLost'>): void {
    const { in: entered, out, dropped, inFlight } = this.delivery()
    const lines = statistics.lines.map((line) => ({ ...line, shownPerSecond: this.shownPerSecond(line.line) }))
    this.tell({ ...statistics, lines, delivery: { in: entered, out, dropped, inFlight }, verdictsLost: this.#verdictsLost })
  }

  /** Ends the socket politely, and for certain soon after. */
  disconnect (reason: string): void {
    this.#socket.close(1001, reason)
    setTimeout(() => { this.#socket.terminate() }, 500).unref()
    this.closed()
  }

  /** The socket is gone: what was on its way is lost. */
  closed (): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#count('drop', 'disconnected', this.delivery().inFlight)
    this.#deliveries.clear()
  }

  #delivery (line: string): Delivery {
    let delivery = this.#deliveries.get(line)
    if (delivery === undefined) {
      delivery = { waiting: undefined, waitingSince: 0, underway: [], takenAt: -Infinity, shown: new RateMeter(this.#options.now) }
      this.#deliveries.set(line, delivery)
    }
    return delivery
  }

  /** Between two pictures that a browser takes, the reject is the one worth seeing. */
  #outranks ({ waiting, waitingSince }: Delivery, picture: LinePicture): boolean {
    return waiting?.record?.verdict === 'reject' && picture.record?.verdict !== 'reject' && this.#options.now() - waitingSince < REJECT_WAITS_MS
  }

  #answered (line: string, packet: number): boolean {
    const underway = this.#deliveries.get(line)?.underway
    const index = underway?.findIndex((sent) => sent.packet === packet) ?? -1
    if (underway === undefined || index < 0) return false
    underway.splice(index, 1)
    return true
  }

  #giveUp (delivery: Delivery): void {
    const oldest = this.#options.now() - ANSWER_MS
    const left = delivery.underway.filter(({ since }) => since > oldest)
    this.#count('drop', 'unanswered', delivery.underway.length - left.length)
    delivery.underway = left
  }

  #count (what: 'enter' | 'leave' | 'drop', reason = '', count = 1): void {
    if (count === 0) return
    for (const ledger of [this.#ledger, this.#options.total]) {
      if (what === 'drop') ledger.drop(reason, count)
      else ledger[what](count)
    }
  }

  #wakeAt (milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#options.onReady()
    }, milliseconds).unref()
  }
}
