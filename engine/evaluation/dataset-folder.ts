/** Folders of pictures: plain ones, and the layout that MVTec AD made customary. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import type { DatasetEntry, Split } from './dataset-entry.ts'

export const pictureEndings = ['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff'] as const

const namedFiles = 3

/** Absolute paths of the pictures right in `folder`, in name order. @throws GOODPARTS_DATASET_INVALID when there is none. */
export async function listPictures (folder: string): Promise<string[]> {
  const pictures = (await namesIn(folder)).filter(isPicture)
  if (pictures.length === 0) {
    const others = await otherFiles(folder)
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${folder} to hold pictures (${pictureEndings.join(', ')}), got ${others.length === 0 ? 'none' : `none: ${otherFilesText(others)}`}`)
  }
  return pictures.sort(byName).map((name) => resolve(folder, name))
}

/** Names of the files right in `folder` that are no pictures by their endings, in name order; hidden ones do not count. */
export async function otherFiles (folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true })
  return found.filter((each) => each.isFile() && !each.name.startsWith('.') && !isPicture(each.name)).map(({ name }) => name).sort(byName)
}

/** Files that are left out, as a person reads it; the first few by name. */
export function otherFilesText (names: readonly string[]): string {
  const few = names.slice(0, namedFiles).join(', ')
  return `${names.length === 1 ? '1 file is no picture' : `${names.length} files are no pictures`}: ${few}${names.length > namedFiles ? ', …' : ''}`
}

/** By its ending. */
export function isPicture (name: string): boolean {
  return (pictureEndings as readonly string[]).includes(extname(name).toLowerCase())
}

/** Names of the folders right in `folder`, in name order. */
export async function listFolders (folder: string): Promise<string[]> {
  return (await readdir(folder, { withFileTypes: true })).filter((found) => found.isDirectory()).map(({ name }) => name).sort(byName)
}

/** @throws GOODPARTS_DATASET_INVALID when it has no `train/good`. */
export async function readMvtecFolder (folder: string): Promise<DatasetEntry[]> {
  const trainFolder = join(folder, 'train', 'good')
  if (!existsSync(trainFolder)) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${folder} to hold dataset.csv or train/good, got neither`)
  }
  const entries = (await listPictures(trainFolder)).map((path) => entry('train', path, 'good', null))
  for (const type of (await listFolders(join(folder, 'train'))).filter((name) => name !== 'good')) {
    for (const path of await listPictures(join(folder, 'train', type))) entries.push(entry('train', path, type, null))
  }
  const testFolder = join(folder, 'test')
  if (!existsSync(testFolder)) return entries
  for (const type of await listFolders(testFolder)) {
    for (const path of await listPictures(join(testFolder, type))) {
      entries.push(entry('test', path, type, type === 'good' ? null : maskOf(folder, type, path)))
    }
  }
  return entries
}

function maskOf (folder: string, type: string, path: string): string | null {
  const mask = resolve(folder, 'ground_truth', type, `${basename(path, extname(path))}_mask.png`)
  return existsSync(mask) ? mask : null
}

function entry (split: Split, path: string, label: string, mask: string | null): DatasetEntry {
  return { split, path, label, isGood: label === 'good', mask, boxes: [], group: null, product: null }
}

/** Of everything right in `folder`. @throws GOODPARTS_DATASET_INVALID when it cannot be read. */
export async function namesIn (folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${folder} to be a readable folder: ${(cause as Error).message}`, { cause })
  }
}

/** By code unit, so that the order does not depend on a locale. */
function byName (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
