/** The bundles that a line has used, the newest few, so that an update can be taken back. */
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundle, type ModelBundle } from '../../bundle/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { keptUpdates } from '../exemplar-store.ts'
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
  constructor (folder: string, most = keptUpdates) {
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

  /** Keeps the bundle at `path` too. @throws GOODPARTS_BUNDLE_INVALID, GOODPARTS_STORE_FAILED where the history's folder cannot be made */
  async keep (path: string): Promise<void> {
    const { metadata } = await readBundle(path)
    makeStoreFolder(this.#folder)
    const target = join(this.#folder, `${metadata.id}.onnx`)
    await copyFile(path, `${target}.part`)
    await rename(`${target}.part`, target)
  }

  /** Forgets all but the newest. */
  async prune (): Promise<void> {
    for (const { path } of (await this.list()).slice(this.#most)) await rm(path, { force: true })
  }

  /** @throws GOODPARTS_ARGUMENT when none is kept under that id, GOODPARTS_BUNDLE_INVALID when it was damaged */
  async read (id: string): Promise<ModelBundle> {
    const kept = (await this.list()).find((bundle) => bundle.id === id)
    if (kept === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a kept bundle ${id}, got none`)
    return await readBundle(kept.path)
  }
}
