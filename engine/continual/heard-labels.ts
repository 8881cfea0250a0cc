/**
 * Labels that wait no more, with every word that was heard of their pictures: those that updates took in, aside while they can be taken back and here
 * afterwards, and those that a person took back. So that a word that is delivered again is known as the same one. Files are only renamed and removed.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HeardLabel } from '../heard-words.ts'
import { writeWhole } from '../whole-file.ts'
import { makeStoreFolder } from './picture-files.ts'

/** Labels that are kept, and pictures whose withdrawal is: of more the oldest go. */
export const mostHeard = 10_000

/** In the folder of an update: the pictures that its bank, or its light, was learned from. */
const learnedName = 'learned'
/** How the names of labels end here: of such a picture, of any other that an update took in, and of what was taken back before one did. */
const endings = { learned: '.learned.json', checked: '.json', withdrawn: '.withdrawn.json' } as const

export class HeardLabels {
  readonly #heard: string
  readonly #withdrawn: string
  readonly #aside: string

  /** @param folder Of the inbox. @throws GOODPARTS_STORE_FAILED where one cannot be made */
  constructor (folder: string) {
    this.#heard = join(folder, 'heard')
    this.#withdrawn = join(folder, 'withdrawn')
    this.#aside = join(folder, 'aside')
    for (const each of [this.#heard, this.#withdrawn]) makeStoreFolder(each)
  }

  /** Of a picture, the latest last. What cannot be read is as if it had not been heard. */
  async of (sha256: string): Promise<HeardLabel[]> {
    const updates = await readdir(this.#aside).catch(() => [])
    const paths = [...Object.values(endings).map((ending) => join(this.#heard, `${sha256}${ending}`)), ...updates.map((update) => join(this.#aside, update, `${sha256}.json`))]
    const found = await Promise.all(paths.map(async (path) => readFile(path, 'utf8').then((text) => JSON.parse(text) as HeardLabel | null, () => null).catch(() => null)))
    return found.filter((label) => label !== null).sort((a, b) => (a.labelledAt ?? '') < (b.labelledAt ?? '') ? -1 : 1)
  }

  /** What updates did with the picture: `in-model` = the bank or the light in use was learned from it, `checked` = it only sets limits, `null` = nothing. */
  async learned (sha256: string): Promise<'in-model' | 'checked' | null> {
    if (!isHash(sha256)) return null
    const updates = (await readdir(this.#aside).catch(() => [])).map((update) => join(this.#aside, update))
    const isHere = (ending: string): boolean => existsSync(join(this.#heard, `${sha256}${ending}`))
    if (isHere(endings.learned) || updates.some((folder) => learnedIn(folder).has(sha256))) return 'in-model'
    return isHere(endings.checked) || updates.some((folder) => existsSync(join(folder, `${sha256}.json`))) ? 'checked' : null
  }

  /** Says beside the labels of an update that is not in use yet which pictures its bank, or its light, was learned from. @throws GOODPARTS_STORE_FAILED */
  async noteLearned (update: string, pictures: readonly string[]): Promise<void> {
    makeStoreFolder(join(this.#aside, update))
    await writeWhole(join(this.#aside, update, learnedName), [JSON.stringify(pictures)])
  }

  /** A label file, of what is taken back before an update has learned it or with the update that had, lies here from now on. */
  keepWithdrawn (path: string, sha256: string): void {
    this.#keep(path, sha256, endings.withdrawn)
  }

  /** The labels of an update that can no longer be taken back. */
  keepAll (folder: string): void {
    const learned = learnedIn(folder)
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
      const sha256 = name.slice(0, -'.json'.length)
      this.#keep(join(folder, name), sha256, learned.has(sha256) ? endings.learned : endings.checked)
    }
    for (const each of [this.#heard, this.#withdrawn]) keepNewest(each)
  }

  /** A person has taken back what was said of the picture: no rollback brings it again, and the next update sets no limit by it. @throws GOODPARTS_STORE_FAILED */
  async withdraw (sha256: string): Promise<void> {
    await writeWhole(join(this.#withdrawn, sha256), ['1'])
  }

  /** Something is said of it anew. */
  async sayAnew (sha256: string): Promise<void> {
    await rm(join(this.#withdrawn, sha256), { force: true })
  }

  /** Pictures of which nothing stands. */
  get withdrawn (): string[] {
    return readdirSync(this.#withdrawn).filter(isHash)
  }

  isWithdrawn (sha256: string): boolean {
    return existsSync(join(this.#withdrawn, sha256))
  }

  #keep (path: string, sha256: string, ending: string): void {
    if (existsSync(path)) renameSync(path, join(this.#heard, `${sha256}${ending}`))
  }
}

function isHash (name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name)
}

function learnedIn (folder: string): Set<string> {
  try {
    return new Set(JSON.parse(readFileSync(join(folder, learnedName), 'utf8')) as string[])
  } catch {
    // Of an update of before.
    return new Set()
  }
}

function keepNewest (folder: string): void {
  const names = readdirSync(folder)
  if (names.length <= mostHeard) return
  const byAge = names.map((name) => ({ name, time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 })).sort((a, b) => a.time - b.time)
  for (const { name } of byAge.slice(0, names.length - mostHeard)) rmSync(join(folder, name), { force: true })
}
