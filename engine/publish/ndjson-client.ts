/** Records as lines of a file, where there is no broker: each value is one line of JSON (ndjson.org). */
import { open, rename, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { makeFolderBelow } from '../make-folder.ts'
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
    const bytes = Buffer.from(records.map(({ value }) => `${value}\n`).join(''))
    await this.#inTurn(async () => {
      let file: FileHandle
      do {
        file = await this.#openForMore()
        await append(file, bytes)
        // Removed while it was being written: what it holds is gone.
      } while ((await file.stat()).nlink === 0)
    })
  }

  async close (): Promise<void> {
    await this.#inTurn(async () => { await this.#close() }).catch(() => {})
  }

  /** The file that lies at the path now: a person or logrotate may have taken away the one that is open. */
  async #open (): Promise<FileHandle> {
    if (this.#file !== undefined && await isAt(this.address, this.#file)) return this.#file
    await this.#close()
    makeFolderBelow(dirname(this.address))
    const file = await open(this.address, 'a+')
    try {
      await dropBrokenLine(file)
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    return file
  }

  async #close (): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  /** Before a batch is written, never after: one that is on the disk must not come again because the old file could not be renamed. */
  async #openForMore (): Promise<FileHandle> {
    const file = await this.#open()
    if ((await file.stat()).size <= this.#maximumBytes) return file
    await this.#close()
    await rename(this.address, `${this.address}.1`)
    return await this.#open()
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

/** All of it or nothing: half a batch would leave half a line, and the whole batch comes again. */
async function append (file: FileHandle, bytes: Buffer): Promise<void> {
  // Measured anew each time, as another program may have cut the file down or added to it.
  const { size } = await file.stat()
  try {
    await file.appendFile(bytes)
    await file.datasync()
  } catch (error) {
    await file.truncate(size).catch(() => {})
    throw error
  }
}

async function isAt (path: string, file: FileHandle): Promise<boolean> {
  const [open, there] = await Promise.all([file.stat({ bigint: true }), stat(path, { bigint: true }).catch(() => null)])
  return there !== null && open.ino === there.ino && open.dev === there.dev
}

/** Cuts off a last line without its end, which a power cut leaves; its record is still in the spool. */
async function dropBrokenLine (file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  if (size === 0) return
  const tail = Buffer.alloc(Math.min(size, TAIL))
  await file.read(tail, 0, tail.length, size - tail.length)
  if (tail.at(-1) !== NEWLINE) await file.truncate(size - tail.length + tail.lastIndexOf(NEWLINE) + 1)
}
