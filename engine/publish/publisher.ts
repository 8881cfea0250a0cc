/**
 * Records to Kafka, at least once and in order: first onto the disk, then out, then off the disk. A record that was taken stays until the other side has
 * it; a second delivery carries the same event id. `in = delivered + refused + in spool` holds at any time (`snapshot`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { Ledger, type LedgerSnapshot } from '../frame/ledger.ts'
import type { Random } from '../random.ts'
import type { SpooledRecord, SpoolRecord } from '../store/spool-table.ts'
import type { Spool } from '../store/spool.ts'
import type { KafkaClient } from './kafka-client.ts'

export interface PublisherState {
  connection: 'connecting' | 'connected' | 'unreachable' | 'closed'
  /** Records taken and not yet delivered. */
  waiting: number
  /** Why it is not connected. */
  error: GoodpartsError | null
  /** Why the latest record was not taken: the spool is full or broken. */
  refusing: GoodpartsError | null
}

export interface PublisherOptions {
  /** Names the hop in the ledger, for example `kafka-out/<node id>`. */
  name: string
  /** Owned: closed with the publisher. */
  spool: Spool
  /** Owned: closed with the publisher. */
  client: KafkaClient
  onState?: (state: PublisherState) => void
  /** The broker will never take this record: it was set aside in the spool. */
  onRejected?: (error: GoodpartsError) => void
  /** Between attempts: doubles from the first to the maximum, each shortened by up to a half at random. Default 250 ms to 15 s. */
  backoff?: { firstMs: number, maximumMs: number }
  random?: Random
  now?: () => Date
}

const BATCH_RECORDS = 500
/** Below the million bytes that brokers take by default, before compression. */
const BATCH_BYTES = 800_000
const CLOSE_MS = 2_000

/** An inspection as a record: keyed by its line, stamped with the time of handing over. */
export function inspectionMessage (record: InspectionRecord, topic: string, key: string | null = record.line): SpoolRecord {
  return { topic, key, value: JSON.stringify(record), stampPath: '$.times.published' }
}

export class Publisher {
  readonly #options: PublisherOptions
  readonly #ledger: Ledger
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #counted: Promise<void> | undefined
  #connection: PublisherState['connection'] = 'connecting'
  #error: GoodpartsError | null = null
  #refusing: GoodpartsError | null = null
  #closing = false
  #wake: () => void = () => {}
  /** Something was appended since the last look at the spool. */
  #appended = false
  /** Handed over at least once and not yet known to be delivered; stays the same over attempts. */
  #held: SpooledRecord[] = []
  #delivered = 0
  #failures = 0

  constructor (options: PublisherOptions) {
    this.#options = options
    this.#ledger = new Ledger(options.name)
    this.#running = this.#run()
  }

  get state (): PublisherState {
    return { connection: this.#connection, waiting: this.#ledger.snapshot().inFlight, error: this.#error, refusing: this.#refusing }
  }

  /** Counters since the start; records found in the spool count as come in. */
  snapshot (): LedgerSnapshot {
    return this.#ledger.snapshot()
  }

  /**
   * Resolves when the record is safe on the disk; it will be delivered, after all earlier ones.
   * @throws GOODPARTS_SPOOL_FULL, GOODPARTS_SPOOL_FAILED: then it was not taken
   */
  async publish (record: SpoolRecord): Promise<void> {
    if (this.#closing) throw new GoodpartsError('GOODPARTS_SPOOL_FAILED', 'Expected the publisher to be open, got a record after close')
    this.#ledger.enter()
    try {
      await this.#countFound()
      await this.#options.spool.append(record)
    } catch (error) {
      const failure = asGoodpartsError(error, 'GOODPARTS_SPOOL_FAILED')
      this.#ledger.drop(failure.code)
      this.#refusing = failure
      this.#tell()
      throw failure
    }
    this.#refusing = null
    this.#appended = true
    this.#wake()
    this.#tell()
  }

  /** Takes no more, gives what waits up to `flushMs` to leave, and closes; the rest stays on the disk for the next start. */
  async close ({ flushMs = 3_000 }: { flushMs?: number } = {}): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#wake()
    await Promise.race([this.#running, pause(this.#connection === 'unreachable' ? 0 : flushMs, undefined, { ref: false })])
    this.#stop.abort()
    await this.#options.client.close()
    await Promise.race([this.#running, pause(CLOSE_MS, undefined, { ref: false })])
    await this.#options.spool.close()
    this.#become('closed', null)
    this.#ledger.close()
  }

  async #run (): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#countFound()
        await this.#options.client.connect()
        await this.#deliver()
        this.#become('connected', null)
        this.#failures = 0
        if (this.#closing) return
        await this.#recordOrClose()
      } catch (error) {
        if (this.#closing) return
        this.#become('unreachable', asGoodpartsError(error, 'GOODPARTS_KAFKA_UNAVAILABLE'))
        await pause(this.#backoffMs(), undefined, { signal: this.#stop.signal }).catch(() => {})
      }
    }
  }

  /** Until the spool is empty. */
  async #deliver (): Promise<void> {
    const { spool, now = () => new Date() } = this.#options
    while (!this.#stop.signal.aborted) {
      this.#held = this.#held.filter(({ position }) => position > this.#delivered)
      this.#appended = false
      if (this.#held.length === 0) this.#held = await spool.peek(this.#delivered, BATCH_RECORDS, BATCH_BYTES, now().toISOString())
      if (this.#held.length === 0) return
      await this.#send(this.#held)
      this.#become('connected', null)
    }
  }

  async #send (batch: readonly SpooledRecord[]): Promise<void> {
    const { client, spool, onRejected } = this.#options
    const last = batch.at(-1)
    if (last === undefined) return
    try {
      await client.send(batch)
      this.#ledger.leave(batch.length)
    } catch (error) {
      if (!(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_KAFKA_REJECTED') throw error
      if (batch.length > 1) {
        // Which one is it? Each alone, in order.
        for (const record of batch) await this.#send([record])
        return
      }
      await spool.setAside(last.position, error.message)
      this.#ledger.drop(error.code)
      onRejected?.(error)
    }
    this.#delivered = last.position
    // A full disk may refuse even this; the next acknowledgement covers it, and a restart in between delivers twice.
    await spool.acknowledge(last.position).then(() => { this.#refusing = null }, () => {})
  }

  /** Once: what an earlier run left behind is in flight too. Before any append, so that nothing is counted twice. */
  async #countFound (): Promise<void> {
    this.#counted ??= this.#options.spool.state().then(({ records }) => { this.#ledger.enter(records) })
    try {
      await this.#counted
    } catch (error) {
      this.#counted = undefined
      throw error
    }
  }

  async #recordOrClose (): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (this.#closing || this.#appended) resolve()
    })
  }

  #backoffMs (): number {
    const { backoff: { firstMs, maximumMs } = { firstMs: 250, maximumMs: 15_000 }, random = Math.random } = this.#options
    const whole = Math.min(maximumMs, firstMs * 2 ** this.#failures)
    this.#failures += 1
    return whole * (1 - random() / 2)
  }

  #become (connection: PublisherState['connection'], error: GoodpartsError | null): void {
    this.#connection = connection
    this.#error = error
    this.#tell()
  }

  #tell (): void {
    this.#options.onState?.(this.state)
  }
}
