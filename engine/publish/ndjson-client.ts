/** Records as lines of a file, where there is no broker: each value is one line of JSON (ndjson.org). */
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import type { KafkaClient, OutgoingRecord } from './kafka-client.ts'

export interface NdjsonOptions {
  path: string
  /** A file that grows beyond it is renamed to `<path>.1`, in place of an earlier one. Default 1 GiB. */
  maximumBytes?: number
}

const NEWLINE = 10
/** Longest line that a stop in the middle of writing may have left without an end. */
const TAIL = 4 * 1024 * 1024

export class NdjsonClient implements KafkaClient {
  readonly address: string
  readonly #maximumBytes: number
  #file: FileHandle | undefined
  #size = 0
  /** One step at a time, in order of the calls. */
  #last: Promise<unknown> = Promise.resolve()

  constructor ({ path, maximumBytes = 1024 ** 3 }: NdjsonOptions) {
    this.address = path
    this.#maximumBytes = maximumBytes
  }

  async connect (): Promise<void> {
    await this.#inTurn(async () => { await this.#open() })
  }

  async send (records: readonly OutgoingRecord[]): Promise<void> {
    await this.#inTurn(async () => {
      const file = await this.#open()
      const bytes = Buffer.from(records.map(({ value }) => `${value}\n`).join(''))
      const start = this.#size
      try {
        await file.appendFile(bytes)
        await file.datasync()
        this.#size = start + bytes.byteLength
      } catch (error) {
        // Half a batch would leave half a line: the whole batch comes again.
        await file.truncate(start).catch(() => {})
        throw error
      }
      if (this.#size > this.#maximumBytes) await this.#rotate()
    })
  }

  async close (): Promise<void> {
    await this.#inTurn(async () => {
      const file = this.#file
      this.#file = undefined
      await file?.close()
    }).catch(() => {})
  }

  async #open (): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file
    await mkdir(dirname(this.address), { recursive: true })
    const file = await open(this.address, 'a+')
    try {
      this.#size = await dropBrokenLine(file)
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    return file
  }

  async #rotate (): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
    await rename(this.address, `${this.address}.1`)
  }

  async #inTurn (work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    try {
      await turn
    } catch (error) {
      throw new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', `Expected ${this.address} to be writable, got "${error instanceof Error ? error.message : String(error)}"`, { cause: error, fix: 'Check the folder, its permissions and the room on its disk' })
    }
  }
}

/** The size after cutting off a last line without its end, which a power cut leaves; its record is still in the spool. */
async function dropBrokenLine (file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  if (size === 0) return 0
  const tail = Buffer.alloc(Math.min(size, TAIL))
  await file.read(tail, 0, tail.length, size - tail.length)
  if (tail.at(-1) === NEWLINE) return size
  const whole = size - tail.length + tail.lastIndexOf(NEWLINE) + 1
  await file.truncate(whole)
  return whole
}
