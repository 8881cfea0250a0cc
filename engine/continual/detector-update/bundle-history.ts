/** The bundles that a line has used, the newest few, so that an update can be taken back. */
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundle, saveBundle, type ModelBundle } from '../../bundle/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { makeStoreFolder } from '../picture-files.ts'

export interface KeptBundle {
  id: string
  path: string
  /** ISO 8601: since when it is kept. */
  keptAt: string
}

export class BundleHistory {
  readonly #folder: string
  readonly #most: number

  /** @param most Bundles that are kept beside the one in use. */
  constructor (folder: string, most = 5) {
    this.#folder = folder
    this.#most = most
  }

  /** Newest first. */
  async list (): Promise<KeptBundle[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const kept = await Promise.all(names.filter((name) => /^[0-9a-f]{16}\.onnx$/.test(name)).map(async (name) => {
      const path = join(this.#folder, name)
      return { id: name.slice(0, 16), path, keptAt: (await stat(path)).mtime.toISOString() }
    }))
    return kept.sort((a, b) => a.keptAt < b.keptAt ? 1 : -1)
  }

  /** Keeps the bundle at `path`, then puts another in its place: a reader finds the one or the other, whole. @throws GOODPARTS_STORE_FAILED where the history's folder cannot be made */
  async exchange (path: string, next: ModelBundle): Promise<void> {
    await this.#keep(path)
    await saveBundle(path, next)
    for (const { path: old } of (await this.list()).slice(this.#most)) await rm(old, { force: true })
  }

  /**
   * Puts a kept bundle back at `path`; the one there is kept in turn, unless it is damaged.
   * @throws GOODPARTS_ARGUMENT when none is kept under that id, GOODPARTS_BUNDLE_INVALID when it was damaged
   */
  async restore (path: string, id: string): Promise<ModelBundle> {
    const bundle = await this.#kept(id)
    const isWhole = await readBundle(path).then(() => true, () => false)
    if (isWhole) await this.exchange(path, bundle)
    else await saveBundle(path, bundle)
    return bundle
  }

  /** The same where what lies at `path` proved to be of no use: nobody can put that back. @throws as `restore` */
  async undo (path: string, id: string): Promise<ModelBundle> {
    const bundle = await this.#kept(id)
    await saveBundle(path, bundle)
    return bundle
  }

  async #kept (id: string): Promise<ModelBundle> {
    const kept = (await this.list()).find((bundle) => bundle.id === id)
    if (kept === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a kept bundle ${id}, got none`)
    return await readBundle(kept.path)
  }

  async #keep (path: string): Promise<void> {
    const { metadata } = await readBundle(path)
    makeStoreFolder(this.#folder)
    const target = join(this.#folder, `${metadata.id}.onnx`)
    await copyFile(path, `${target}.part`)
    await rename(`${target}.part`, target)
  }
}
