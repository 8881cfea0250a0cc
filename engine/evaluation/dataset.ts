/** Data sets as people have them: a `dataset.csv`, a folder in MVTec layout, or a plain folder of pictures. */
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DefectImage, GoodImage } from '../detectors/detector.ts'
import { GoodpartsError } from '../errors.ts'
import { decodeImage } from '../frame/image-codec.ts'
import { readDatasetCsv } from './dataset-csv.ts'
import type { DatasetEntry } from './dataset-entry.ts'
import { isPicture, listFolders, listPictures, readMvtecFolder } from './dataset-folder.ts'

export type { DatasetEntry, DefectBox, Split } from './dataset-entry.ts'
export { listPictures } from './dataset-folder.ts'

export interface Dataset {
  name: string
  /** The csv or the folder that was read, absolute. */
  source: string
  layout: 'csv' | 'mvtec'
  entries: DatasetEntry[]
}

/**
 * Reads `path`: a `.csv` file, a folder that holds `dataset.csv`, or a folder in MVTec layout (`train/good`, `test/<type>`,
 * `ground_truth/<type>/*_mask.png`). The csv wins where a folder has both: it knows groups.
 * @throws GOODPARTS_DATASET_INVALID with the line of the csv where that is known.
 */
export async function readDataset (path: string): Promise<Dataset> {
  const source = resolve(path)
  if (!existsSync(source)) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${source} to be a data set, got nothing there`)
  if (!source.toLowerCase().endsWith('.csv') && statSync(source).isFile()) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${source} to be a folder or a dataset.csv, got ${isPicture(source) ? 'one picture' : 'a file'}`,
      { fix: isPicture(source) ? 'Give the folder that it lies in.' : 'Give the folder of the pictures, or their dataset.csv; docs/datasets.md says what is read.' })
  }
  if (source.toLowerCase().endsWith('.csv')) {
    return { name: basename(dirname(source)), source, layout: 'csv', entries: await readDatasetCsv(source) }
  }
  const csv = join(source, 'dataset.csv')
  if (existsSync(csv)) return { name: basename(source), source: csv, layout: 'csv', entries: await readDatasetCsv(csv) }
  return { name: basename(source), source, layout: 'mvtec', entries: await readMvtecFolder(source) }
}

/**
 * The pictures to learn from: good ones of `train` and `calibration`.
 * @throws GOODPARTS_DATASET_INVALID when there is none.
 */
export function goodImages (dataset: Dataset): GoodImage[] {
  const good = dataset.entries.filter(({ isGood, split }) => isGood && (split === 'train' || split === 'calibration'))
  if (!good.some(({ split }) => split === 'train')) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${dataset.source} to have good pictures to train on, got none`,
      { fix: 'Give rows with split=train and label=good, or pictures in train/good.' })
  }
  return good.map(({ path, group, split }) => goodImage(path, group, split === 'calibration'))
}

/** The defective pictures to learn from: those of `train`, never of another split. None in most data sets. */
export function defectImages (dataset: Dataset): DefectImage[] {
  return dataset.entries.filter(({ isGood, split }) => !isGood && split === 'train')
    .map(({ path, group, label }) => ({ name: path, group, className: label, read: () => decodeImage(path) }))
}

/** Every picture of a folder's folders as a defect, of the type that its folder is called. @throws GOODPARTS_DATASET_INVALID when there is none. */
export async function folderDefects (folder: string): Promise<DefectImage[]> {
  const types = await listFolders(folder)
  const defects = await Promise.all(types.map(async (type) => (await listPictures(join(folder, type))).map((path): DefectImage => ({ name: path, group: null, className: type, read: () => decodeImage(path) }))))
  return defects.flat()
}

/** Every picture of a plain folder as a good one, in name order. @throws GOODPARTS_DATASET_INVALID when there is none. */
export async function folderImages (folder: string): Promise<GoodImage[]> {
  return (await listPictures(folder)).map((path) => goodImage(path, null, false))
}

export function testEntries (dataset: Dataset): DatasetEntry[] {
  return dataset.entries.filter(({ split }) => split === 'test')
}

function goodImage (path: string, group: string | null, calibration: boolean): GoodImage {
  return { name: path, group, calibration, read: () => decodeImage(path) }
}
