/** Records as NDJSON into a file or to standard output, no faster than it takes them. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { notWritten } from '../../../engine/not-written.ts'
import { validate } from '../../../engine/schema-validation.ts'
import type { InspectionRecord } from '../../../schemas/inspection.ts'

export class RecordFile {
  readonly #path: string
  readonly #stream: NodeJS.WritableStream
  readonly #ended: Promise<void>

  /** `-` is standard output. */
  constructor (path: string) {
    this.#path = path
    this.#stream = path === '-' ? process.stdout : createWriteStream(path)
    this.#ended = path === '-' ? Promise.resolve() : finished(this.#stream)
    // Heard of by write and close; until then it must not count as nobody's.
    this.#ended.catch(() => undefined)
  }

  /** @throws GOODPARTS_SCHEMA_INVALID, GOODPARTS_STORE_FAILED. */
  async write (record: InspectionRecord): Promise<void> {
    const line = `${JSON.stringify(validate('inspection', record))}\n`
    if (!this.#stream.write(line)) await this.#named(Promise.race([once(this.#stream, 'drain'), this.#ended]))
  }

  /** @throws GOODPARTS_STORE_FAILED */
  async close (): Promise<void> {
    if (this.#stream !== process.stdout) this.#stream.end()
    await this.#named(this.#ended)
  }

  async #named (work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (cause) {
      throw notWritten(this.#path, cause)
    }
  }
}
