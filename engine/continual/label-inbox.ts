/**
 * Labelled pictures that wait for the next update: each a file of its own, so that labels may come while an update holds the memory, and none
 * is lost whenever the process ends. The picture is on the disk before its label, and goes after it. One process adds, an update's takes out; what
 * an update took in lies aside while it can be taken back.
 */
import { randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { hasOwnId, isHeard, mostWords, wordsOf, type HeardLabel } from '../heard-words.ts'
import { writeWhole, writeWholeSync } from '../whole-file.ts'
import { HeardLabels } from './heard-labels.ts'
import { makeStoreFolder, PictureFiles, sha256InTurn } from './picture-files.ts'

export interface PictureLabel {
  product: string
  /** `good` or the type of defect; `removedLabel` takes the picture out of the memory. */
  label: string
  /** The physical part, where it is known. */
  partId: string | null
  /** Who says so: a person, or the line itself. */
  by: 'person' | 'line'
  /** Of the line's own judgement when it was seen; `null` where there was none. */
  pValue: number | null
  /** The line was in drift when it was seen. */
  inDrift: boolean
  /** Which word of the person it is: the inspection's id and the word's own; the same word delivered again has the same. Absent where neither is known. */
  word?: string
}

export interface WaitingPicture extends Omit<PictureLabel, 'word'> {
  /** SHA-256 of the encoded picture. */
  sha256: string
  bytes: number
  /** ISO 8601; absent in labels of before. */
  labelledAt?: string
  /** The person has seen the picture and what speaks against its label: it stands, even against what the picture looks like. */
  confirmed: boolean
  /** Every word that was heard of the picture, see `PictureLabel.word`; absent in files of before. */
  words?: string[]
}

export interface InboxBounds {
  items: number
  bytes: number
}

export class LabelInbox {
  readonly pictures: PictureFiles
  readonly heard: HeardLabels
  readonly #folder: string
  readonly #aside: string
  readonly #bounds: InboxBounds
  readonly #waiting = new Map<string, WaitingPicture>()
  /** Places of those that are being written. */
  readonly #coming = new Set<Pick<WaitingPicture, 'sha256' | 'bytes'>>()
  /** The last word on its way of each picture: the next one has to know it. */
  readonly #turns = new Map<string, Promise<unknown>>()
  /** Of the last word that came: a hash may be ready before one that was asked for earlier. */
  #hashing: Promise<unknown> = Promise.resolve()

  /**
   * Labels whose picture is missing are taken away; with `tidy`, which only the writer may ask for, pictures without a label too. With `later`
   * nothing is read before `refreshInTurn`. @throws GOODPARTS_STORE_FAILED where the folder cannot be made or read
   */
  constructor (folder: string, bounds: InboxBounds, { tidy = false, later = false } = {}) {
    this.#folder = join(folder, 'labels')
    this.#aside = join(folder, 'aside')
    this.#bounds = bounds
    makeStoreFolder(this.#folder)
    this.heard = new HeardLabels(folder)
    this.pictures = new PictureFiles(join(folder, 'pictures'))
    if (later) return
    this.refresh()
    if (tidy) this.tidy()
  }

  get waiting (): readonly WaitingPicture[] {
    return [...this.#waiting.values()]
  }

  get bytes (): number {
    return this.waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /**
   * Keeps an encoded picture and its label; a later label of the same picture takes the place of the first, of the same
   * part where it names none. A word that was heard of the picture before, as a message that is delivered twice brings it, changes nothing, whether the
   * picture still waits or was taken in or back; nor does the line's own word of a picture of which anything was said.
   * @param confirmed See `WaitingPicture`.
   * @returns what is known of the picture now
   * @throws GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED
   */
  async add (picture: Uint8Array, label: PictureLabel, { confirmed = false } = {}): Promise<WaitingPicture> {
    const sha256 = await this.#hashInOrder(picture)
    const added = (this.#turns.get(sha256) ?? Promise.resolve()).then(async () => this.#add(picture, sha256, label, confirmed))
    const turn = added.catch(() => {})
    this.#turns.set(sha256, turn)
    try {
      return await added
    } finally {
      if (this.#turns.get(sha256) === turn) this.#turns.delete(sha256)
    }
  }

  /** `add` would change nothing: the word was heard of the picture before. */
  async hasHeard (sha256: string, label: Omit<PictureLabel, 'inDrift'>): Promise<boolean> {
    return this.#isHeard(sha256, label, await this.#known(sha256))
  }

  /** Looks again at what is there, after another process has taken some in. */
  refresh (): void {
    this.#waiting.clear()
    for (const name of readdirSync(this.#folder)) this.#read(name)
  }

  /** As `refresh`, without holding up the thread; labels may come meanwhile. */
  async refreshInTurn (): Promise<void> {
    const before = new Map(this.#waiting)
    const names = await readdir(this.#folder)
    const there = new Set(names)
    for (const [sha256, waiting] of before) {
      if (!there.has(labelName(sha256)) && this.#waiting.get(sha256) === waiting) this.#waiting.delete(sha256)
    }
    const unknown = names.filter((name) => name.endsWith('.json') && !this.#waiting.has(name.slice(0, -'.json'.length)))
    for (let first = 0; first < unknown.length; first += readAtOnce) await Promise.all(unknown.slice(first, first + readAtOnce).map(async (name) => this.#readInTurn(name)))
  }

  /** Takes pictures without a label away: for the writer, while it writes nothing. */
  tidy (): void {
    this.pictures.keepOnly(new Set(this.#waiting.keys()))
  }

  /** Forgets these, except where something else was said of one meanwhile: that waits for the next update. */
  remove (pictures: readonly WaitingPicture[]): void {
    for (const picture of pictures) {
      const { sha256 } = picture
      const label = `${this.#labelPath(sha256)}.gone`
      rmSync(label, { force: true })
      this.#moveLabel(picture, label)
      // Where its words cannot be told apart, the next one may be another.
      if (picture.words?.some(hasOwnId) === true) this.heard.keepWithdrawn(label, sha256)
      else rmSync(label, { force: true })
      if (!existsSync(this.#labelPath(sha256))) {
        const gone = `${this.pictures.path(sha256)}.gone`
        renameIfThere(this.pictures.path(sha256), gone)
        if (existsSync(this.#labelPath(sha256))) this.#bringBack(gone, sha256)
        rmSync(gone, { force: true })
      }
      this.#waiting.delete(sha256)
    }
  }

  /** What a person has taken back waits no more; where updates have learned it, no rollback brings it again. @throws GOODPARTS_STORE_FAILED */
  async withdraw (sha256: string, isLearned: boolean): Promise<void> {
    const waiting = this.#waiting.get(sha256)
    this.remove(waiting === undefined ? [] : [waiting])
    if (isLearned) await this.heard.withdraw(sha256)
  }

  /** As `remove`, for those that an update has taken in: they lie aside under its name. Can be done again where it was cut off. */
  setAside (pictures: readonly WaitingPicture[], update: string): void {
    const aside = join(this.#aside, update)
    makeStoreFolder(aside)
    for (const picture of pictures) {
      const { sha256 } = picture
      this.#moveLabel(picture, join(aside, `${sha256}.json`))
      if (!existsSync(this.#labelPath(sha256))) {
        renameIfThere(this.pictures.path(sha256), join(aside, `${sha256}.img`))
        if (existsSync(this.#labelPath(sha256))) this.#bringBack(join(aside, `${sha256}.img`), sha256)
      }
      this.#waiting.delete(sha256)
    }
  }

  /** What an update took in waits again, except where something else was said since or all of it was taken back. Can be done again where it was cut off. */
  takeBack (update: string): void {
    const aside = join(this.#aside, update)
    const names = existsSync(aside) ? readdirSync(aside) : []
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const sha256 = name.slice(0, -'.json'.length)
      if (existsSync(this.#labelPath(sha256))) continue
      if (this.heard.isWithdrawn(sha256)) {
        this.heard.keepWithdrawn(join(aside, name), sha256)
        continue
      }
      renameIfThere(join(aside, `${sha256}.img`), this.pictures.path(sha256))
      if (existsSync(this.pictures.path(sha256))) renameSync(join(aside, name), this.#labelPath(sha256))
    }
    rmSync(aside, { recursive: true, force: true })
    this.refresh()
  }

  /** What lies aside of other updates than these goes, but for the words that were heard. */
  forgetAside (updates: ReadonlySet<string>): void {
    for (const name of existsSync(this.#aside) ? readdirSync(this.#aside) : []) {
      if (updates.has(name)) continue
      this.heard.keepAll(join(this.#aside, name))
      rmSync(join(this.#aside, name), { recursive: true, force: true })
    }
  }

  /**
   * Moves what is known of a picture. Another word may come between a look at the file and its renaming, so what was moved is looked at again, and goes back
   * where it is that word. Can be done again where it was cut off.
   */
  #moveLabel (picture: WaitingPicture, to: string): void {
    const [from, known] = [this.#labelPath(picture.sha256), JSON.stringify(picture)]
    if (isAsKnown(from, known)) renameIfThere(from, to)
    if (isAsKnown(to, known)) return
    putBack(to, from)
    writeWholeSync(to, Buffer.from(known))
  }

  async #hashInOrder (picture: Uint8Array): Promise<string> {
    const hash = sha256InTurn(picture)
    const turn = this.#hashing.then(async () => hash)
    this.#hashing = turn.catch(() => {})
    return await turn
  }

  /** The writer has said something of a picture while it was taken away; whoever is later of the two sees the other's file. */
  #bringBack (from: string, sha256: string): void {
    const path = this.pictures.path(sha256)
    if (!existsSync(from) || existsSync(path)) return
    copyFileSync(from, `${path}.back`)
    renameSync(`${path}.back`, path)
  }

  /** Counts what is being written as what waits: nothing is awaited between this and taking the place. */
  #checkRoom ({ sha256, bytes }: Pick<WaitingPicture, 'sha256' | 'bytes'>): void {
    const taken = new Map([...this.#coming, ...this.#waiting.values()].map((each) => [each.sha256, each.bytes]))
    const takenBytes = [...taken.values()].reduce((sum, each) => sum + each, 0)
    if (taken.has(sha256) || (taken.size < this.#bounds.items && takenBytes + bytes <= this.#bounds.bytes)) return
    throw new GoodpartsError('GOODPARTS_QUEUE_FULL', `Expected room for another labelled picture, got ${taken.size} that wait for an update`, { fix: 'Update the model, or clear what waits' })
  }

  async #known (sha256: string): Promise<HeardLabel[]> {
    const heard = await this.heard.of(sha256)
    const waits = this.#waiting.get(sha256)
    return [...heard, ...(waits === undefined ? [] : [waits])]
  }

  #isHeard (sha256: string, label: Omit<PictureLabel, 'inDrift'>, known: readonly HeardLabel[]): boolean {
    const mayBeAnother = label.word !== undefined && !hasOwnId(label.word) && this.heard.isWithdrawn(sha256)
    return !mayBeAnother && isHeard(label, known)
  }

  async #add (picture: Uint8Array, sha256: string, label: PictureLabel, confirmed: boolean): Promise<WaitingPicture> {
    const known = await this.#known(sha256)
    const saysNothing = label.by === 'line' ? known.length > 0 : !confirmed && this.#isHeard(sha256, label, known)
    if (saysNothing) return known.at(-1) as WaitingPicture
    const coming = { sha256, bytes: picture.byteLength }
    this.#checkRoom(coming)
    this.#coming.add(coming)
    try {
      return await this.#write(picture, coming, label, { confirmed, heard: wordsOf(known) })
    } finally {
      this.#coming.delete(coming)
    }
  }

  async #write (picture: Uint8Array, { sha256, bytes }: Pick<WaitingPicture, 'sha256' | 'bytes'>, { word, ...label }: PictureLabel, { confirmed, heard }: { confirmed: boolean, heard: readonly string[] }): Promise<WaitingPicture> {
    await this.pictures.addInTurn(picture, sha256)
    const before = this.#waiting.get(sha256)
    const stands = before?.confirmed === true && before.product === label.product && before.label === label.label
    // One without an id is later than those with: they are no longer the last.
    const own = word ?? (heard.length > 0 && label.by === 'person' ? `/${randomUUID()}` : null)
    const words = [...heard.filter((each) => each !== own), ...(own === null ? [] : [own])].slice(-mostWords)
    const waiting: WaitingPicture = { ...label, partId: label.partId ?? before?.partId ?? null, labelledAt: new Date().toISOString(), sha256, bytes, confirmed: label.by === 'person' && (confirmed || stands), ...(words.length === 0 ? {} : { words }) }
    await this.heard.sayAnew(sha256)
    await writeWhole(this.#labelPath(sha256), [JSON.stringify(waiting)])
    // An update may have taken the picture in meanwhile, with what was said of it before.
    await this.pictures.addInTurn(picture, sha256)
    this.#waiting.set(sha256, waiting)
    return waiting
  }

  #labelPath (sha256: string): string {
    return join(this.#folder, labelName(sha256))
  }

  /** A label that cannot be read now stays: only one that says nothing, or whose picture is gone, is taken away. */
  #read (name: string): void {
    // Half written ones are their writer's until it has ended.
    if (!name.endsWith('.json')) return
    const path = join(this.#folder, name)
    try {
      const waiting = labelIn(readFileSync(path, 'utf8'), name)
      const isWhole = waiting !== null && statSync(this.pictures.path(waiting.sha256), { throwIfNoEntry: false }) !== undefined
      this.#take(path, isWhole ? waiting : null)
    } catch (cause) {
      // Taken back meanwhile.
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, cause)
    }
  }

  async #readInTurn (name: string): Promise<void> {
    const path = join(this.#folder, name)
    try {
      const waiting = labelIn(await readFile(path, 'utf8'), name)
      const isWhole = waiting !== null && await stat(this.pictures.path(waiting.sha256)).then(() => true, ifMissing(false))
      // What was said meanwhile is newer.
      if (!this.#waiting.has(name.slice(0, -'.json'.length))) this.#take(path, isWhole ? waiting : null)
    } catch (cause) {
      // Taken back meanwhile.
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, cause)
    }
  }

  #take (path: string, waiting: WaitingPicture | null): void {
    if (waiting === null) rmSync(path, { force: true })
    else this.#waiting.set(waiting.sha256, waiting)
  }
}

/** Files that are read at the same time. */
const readAtOnce = 16

function labelName (sha256: string): string {
  return `${sha256}.json`
}

function ifMissing<T> (value: T): (cause: unknown) => T {
  return (cause) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return value
    throw cause
  }
}

function unreadable (path: string, cause: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${path} to be read, got "${cause instanceof Error ? cause.message : String(cause)}"`, { cause, fix: 'Check the disk, and that the user of Node-RED may read the folder' })
}

/** `null` for what is no label of this name. */
function labelIn (text: string, name: string): WaitingPicture | null {
  try {
    const waiting = JSON.parse(text) as WaitingPicture | null
    return name === `${waiting?.sha256}.json` ? waiting : null
  } catch {
    return null
  }
}

/** Also where nothing can be read. */
function isAsKnown (path: string, known: string): boolean {
  try {
    return readFileSync(path, 'utf8') === known
  } catch {
    return true
  }
}

/** Never over what was said since. */
function putBack (from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    // It is there, or this disk knows no links.
    if (!existsSync(to)) renameSync(from, to)
  }
}

function renameIfThere (from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to)
}
