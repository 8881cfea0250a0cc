/** A moment that outlives the process. */
import { readFileSync } from 'node:fs'
import { writeWhole } from '../whole-file.ts'

export class KeptTime {
  readonly #path: string
  #value: string
  #written: Promise<void> = Promise.resolve()

  constructor (path: string) {
    this.#path = path
    this.#value = readTime(path)
  }

  /** ISO 8601; `''`, before every other, while there is none. */
  get value (): string {
    return this.#value
  }

  /** Counts at once; resolves when it is on the disk. Where it cannot be, it counts until the process ends. */
  async set (time: string): Promise<void> {
    this.#value = time
    this.#written = this.#written.then(async () => writeWhole(this.#path, [JSON.stringify(time)])).catch(() => {})
    await this.#written
  }

  /** What was set is on the disk, where that can be. */
  async close (): Promise<void> {
    await this.#written
  }
}

function readTime (path: string): string {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as string
  } catch {
    return ''
  }
}
