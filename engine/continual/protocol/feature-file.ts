/** Features of pictures on the disk, so that a comparison that is run again need not embed again. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { GoodpartsError } from '../../errors.ts'

interface Content { features: string, pictures: Record<string, string> }

export class FeatureFile {
  readonly #path: string
  readonly #kind: string
  readonly #pictures: Record<string, string>

  /**
   * @param kind What the features are of: those of another kind are not read.
   * @throws GOODPARTS_DATASET_INVALID when the file holds something else
   */
  constructor (path: string, kind: string) {
    this.#path = path
    this.#kind = kind
    const content = existsSync(path) ? read(path) : null
    this.#pictures = content?.features === kind ? content.pictures : {}
  }

  of (id: string): Float32Array | undefined {
    const text = this.#pictures[id]
    return text === undefined ? undefined : new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)
  }

  add (id: string, features: Float32Array): void {
    this.#pictures[id] = Buffer.from(features.buffer, features.byteOffset, features.byteLength).toString('base64')
  }

  save (): void {
    writeFileSync(`${this.#path}.part`, JSON.stringify({ features: this.#kind, pictures: this.#pictures } satisfies Content))
    renameSync(`${this.#path}.part`, this.#path)
  }
}

function read (path: string): Content {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Partial<Content>
    if (typeof content.features === 'string' && typeof content.pictures === 'object') return content as Content
  } catch (error) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected features in ${path}, got ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected features in ${path}, got another file`, { fix: 'Give --features a file of its own' })
}
