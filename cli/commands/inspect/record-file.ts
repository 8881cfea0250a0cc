/** Records as NDJSON into a file or to standard output, no faster than it takes them. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { validate } from '../../../engine/schema-validation.ts'
import type { InspectionRecord } from '../../../schemas/inspection.ts'

export class RecordFile {
  readonly #stream: NodeJS.WritableStream
  readonly #ended: Promise<void>

  /** `-` is standard output. */
  constructor (path: string) {
    this.#stream = path === '-' ? process.stdout : createWriteStream(path)
    this.#ended = path === '-' ? Promise.resolve() : finished(this.#stream)
    // Heard of by write and close; until then it must not count as nobody's.
    this.#ended.catch(() => undefined)
  }

  /** @throws GOODPARTS_SCHEMA_INVALID, or the file system's error. */
  async write (record: InspectionRecord): Promise<void> {
    const line = `${JSON.stringify(validate('inspection', record))}\n`
    if (!this.#stream.write(line)) await Promise.race([once(this.#stream, 'drain'), this.#ended])
  }

  async close (): Promise<void> {
    if (this.#stream !== process.stdout) this.#stream.end()
    await this.#ended
  }
}
