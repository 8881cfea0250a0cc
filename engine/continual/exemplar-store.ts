/**
 * A replay memory on disk: exemplars in one SQLite file, their pictures beside it under their content's hash. A memory is exchanged in one
 * transaction, after its new pictures are on the disk and before the old ones go: whenever the process ends, one whole memory is there.
 */
import { join } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { Database } from '../store/database.ts'
import type { BufferState } from './buffers/replay-buffer.ts'
import type { Exemplar } from './buffers/replay-policy.ts'
import { PictureFiles } from './picture-files.ts'

export interface ExemplarBounds {
  items: number
  /** Of all pictures together. */
  bytes: number
}

export interface ExemplarStoreOptions extends ExemplarBounds {
  folder: string
}

const schema = `
  CREATE TABLE IF NOT EXISTS exemplar (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, label TEXT NOT NULL, part TEXT, bytes INTEGER NOT NULL, priority REAL NOT NULL,
    weight REAL NOT NULL, score REAL, reason TEXT NOT NULL, features BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS seen (label TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT;
`

interface ExemplarRow {
  id: string
  label: string
  group: string | null
  bytes: number
  priority: number
  weight: number
  score: number | null
  reason: string
  features: Uint8Array
}

export class ExemplarStore {
  readonly pictures: PictureFiles
  readonly #database: Database
  readonly #bounds: ExemplarBounds

  /** One opener at a time. Pictures that a crash left without an exemplar are taken away. @throws GOODPARTS_STORE_FAILED */
  constructor ({ folder, items, bytes }: ExemplarStoreOptions) {
    this.#bounds = { items, bytes }
    this.pictures = new PictureFiles(join(folder, 'pictures'))
    this.#database = new Database(join(folder, 'exemplars.sqlite'), { durable: true, schema })
    this.#tidy()
  }

  /** Exemplars whose picture is missing or damaged are left out. */
  read (): BufferState {
    const rows = this.#database.all<ExemplarRow>('SELECT id, label, part AS "group", bytes, priority, weight, score, reason, features FROM exemplar ORDER BY position')
    const seen = this.#database.all<{ label: string, items: number }>('SELECT label, items FROM seen')
    return {
      exemplars: rows.filter(({ id }) => this.pictures.read(id) !== null).map((row) => ({ ...row, kept: true, features: numbersOf(row.features) })),
      seen: Object.fromEntries(seen.map(({ label, items }) => [label, items]))
    }
  }

  /**
   * Puts another memory in place of the one there is. Every exemplar's id is the hash of its picture, which was added before.
   * @throws GOODPARTS_ARGUMENT beyond the bounds or without a picture, GOODPARTS_STORE_FAILED; the old memory then stays
   */
  replace ({ exemplars, seen }: BufferState): void {
    this.#check(exemplars)
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM exemplar')
      this.#database.run('DELETE FROM seen')
      exemplars.forEach(({ id, label, group, bytes, priority, weight, score, reason, features }, position) => {
        this.#database.run('INSERT INTO exemplar (position, id, label, part, bytes, priority, weight, score, reason, features) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
          position, id, label, group, bytes, priority, weight, score, reason, new Uint8Array(features.buffer, features.byteOffset, features.byteLength))
      })
      for (const [label, items] of Object.entries(seen)) this.#database.run('INSERT INTO seen (label, items) VALUES (?, ?)', label, items)
    })
    this.#tidy()
  }

  close (): void {
    this.#database.close()
  }

  #check (exemplars: readonly Exemplar[]): void {
    const bytes = exemplars.reduce((sum, exemplar) => sum + exemplar.bytes, 0)
    if (exemplars.length > this.#bounds.items || bytes > this.#bounds.bytes) {
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the memory to have at most ${this.#bounds.items} pictures of ${this.#bounds.bytes} bytes, got ${exemplars.length} of ${bytes}`)
    }
    const missing = exemplars.find(({ id }) => this.pictures.read(id) === null)
    if (missing !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the picture of exemplar ${missing.id} to be there, got none`)
  }

  #tidy (): void {
    this.pictures.keepOnly(new Set(this.#database.all<{ id: string }>('SELECT id FROM exemplar').map(({ id }) => id)))
  }
}

/** A copy, because a blob's bytes need not be aligned. */
function numbersOf (blob: Uint8Array): Float32Array {
  return new Float32Array(blob.slice().buffer)
}
