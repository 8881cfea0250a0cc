/**
 * A replay memory on disk, and the few before it: exemplars in one SQLite file, their pictures beside it under their content's hash. A memory is
 * exchanged in one transaction, after its new pictures are on the disk and before the old ones go: whenever the process ends, one whole memory is there.
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
  CREATE TABLE IF NOT EXISTS last_change (id TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS step (turn INTEGER PRIMARY KEY, bundle_before TEXT NOT NULL, bundle_after TEXT NOT NULL, outcome TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS former_exemplar (
    turn INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, part TEXT, bytes INTEGER NOT NULL, priority REAL NOT NULL,
    weight REAL NOT NULL, score REAL, reason TEXT NOT NULL, features BLOB NOT NULL, PRIMARY KEY (turn, position)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS former_seen (turn INTEGER NOT NULL, label TEXT NOT NULL, items INTEGER NOT NULL, PRIMARY KEY (turn, label)) STRICT;
`

/** Updates that can be taken back, with what they changed. */
export const keptUpdates = 5

const columns = 'position, id, label, part, bytes, priority, weight, score, reason, features'

/** From one bundle's memory to the next one's. */
export interface MemoryStep {
  /** Of the bundles. */
  before: string
  after: string
  /** What was said of the update before, as text. */
  outcome: string | null
}

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

  /** Updates that can be taken back, oldest first. */
  get steps (): MemoryStep[] {
    return this.#database.all<MemoryStep>('SELECT bundle_before AS before, bundle_after AS after, outcome FROM step ORDER BY turn')
  }

  /** Those that came after this bundle, oldest first; none when it is not known what the memory was with it. */
  stepsSince (bundle: string): MemoryStep[] {
    const { steps } = this
    const first = steps.findLastIndex(({ before }) => before === bundle)
    return first === -1 ? [] : steps.slice(first)
  }

  /** The id of the last step that was made or taken back. */
  get lastChange (): string | null {
    return this.#database.get<{ id: string }>('SELECT id FROM last_change')?.id ?? null
  }

  /** Takes the steps since a bundle back, the memory is as it was with it. Without any it stays. @throws GOODPARTS_STORE_FAILED; the memory then stays */
  goBack (bundle: string, change: string): void {
    const since = this.stepsSince(bundle).length
    this.#database.transaction(() => {
      this.#note(change)
      if (since === 0) return
      const { turn } = this.#database.all<{ turn: number }>('SELECT turn FROM step ORDER BY turn DESC LIMIT 1 OFFSET ?', since - 1)[0] as { turn: number }
      this.#database.run('DELETE FROM exemplar')
      this.#database.run('DELETE FROM seen')
      this.#database.run(`INSERT INTO exemplar (${columns}) SELECT ${columns} FROM former_exemplar WHERE turn = ?`, turn)
      this.#database.run('INSERT INTO seen (label, items) SELECT label, items FROM former_seen WHERE turn = ?', turn)
      for (const table of ['step', 'former_exemplar', 'former_seen']) this.#database.run(`DELETE FROM ${table} WHERE turn >= ?`, turn)
    })
    this.#tidy()
  }

  /**
   * Puts another memory in place of the one there is. Every exemplar's id is the hash of its picture, which was added before. With a step, whose
   * `id` is `lastChange` from then on, the one there is stays beside it to go back to.
   * @throws GOODPARTS_ARGUMENT beyond the bounds or without a picture, GOODPARTS_STORE_FAILED; the old memory then stays
   */
  replace ({ exemplars, seen }: BufferState, step?: MemoryStep & { id: string }): void {
    this.#check(exemplars)
    this.#database.transaction(() => {
      if (step !== undefined) this.#keep(step)
      this.#database.run('DELETE FROM exemplar')
      this.#database.run('DELETE FROM seen')
      exemplars.forEach(({ id, label, group, bytes, priority, weight, score, reason, features }, position) => {
        this.#database.run(`INSERT INTO exemplar (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          position, id, label, group, bytes, priority, weight, score, reason, new Uint8Array(features.buffer, features.byteOffset, features.byteLength))
      })
      for (const [label, items] of Object.entries(seen)) this.#database.run('INSERT INTO seen (label, items) VALUES (?, ?)', label, items)
    })
    this.#tidy()
  }

  close (): void {
    this.#database.close()
  }

  #keep ({ id, before, after, outcome }: MemoryStep & { id: string }): void {
    this.#note(id)
    this.#database.run('INSERT INTO step (bundle_before, bundle_after, outcome) VALUES (?, ?, ?)', before, after, outcome)
    const { turn } = this.#database.get<{ turn: number }>('SELECT max(turn) AS turn FROM step') as { turn: number }
    this.#database.run(`INSERT INTO former_exemplar (turn, ${columns}) SELECT ?, ${columns} FROM exemplar`, turn)
    this.#database.run('INSERT INTO former_seen (turn, label, items) SELECT ?, label, items FROM seen', turn)
    for (const table of ['step', 'former_exemplar', 'former_seen']) this.#database.run(`DELETE FROM ${table} WHERE turn <= ?`, turn - keptUpdates)
  }

  #note (change: string): void {
    this.#database.run('DELETE FROM last_change')
    this.#database.run('INSERT INTO last_change (id) VALUES (?)', change)
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
    this.pictures.keepOnly(new Set(this.#database.all<{ id: string }>('SELECT id FROM exemplar UNION SELECT id FROM former_exemplar').map(({ id }) => id)))
  }
}

/** A copy, because a blob's bytes need not be aligned. */
function numbersOf (blob: Uint8Array): Float32Array {
  return new Float32Array(blob.slice().buffer)
}
