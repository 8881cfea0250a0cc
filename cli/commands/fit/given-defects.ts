/** What `goodparts fit --defects` names: a folder with a folder for each type of defect. */
import { stat } from 'node:fs/promises'
import type { DefectImage } from '../../../engine/detectors/detector.ts'
import { detectorByFamily, detectors } from '../../../engine/detectors/registry.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { folderDefects } from '../../../engine/evaluation/dataset.ts'
import { isPicture, listFolders, namesIn } from '../../../engine/evaluation/dataset-folder.ts'
import type { Settings } from '../../option-values.ts'

/** @throws GOODPARTS_DATASET_INVALID for anything else. */
export async function givenDefects (folder: string): Promise<DefectImage[]> {
  const got = await whatIsThere(folder)
  if (got === null) return folderDefects(folder)
  throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected --defects to be a folder with a folder for each type of defect, got ${got} ${folder}`,
    { fix: 'Lay the pictures out as FOLDER/scratch/1.png and FOLDER/dent/1.png, a folder for each type, and give FOLDER.' })
}

/** Of what is not laid out so; `null` where it is. */
async function whatIsThere (folder: string): Promise<string | null> {
  const found = await stat(folder).catch(() => null)
  if (found === null) return 'none at'
  if (!found.isDirectory()) return 'a file at'
  if ((await listFolders(folder)).length > 0) return null
  return (await namesIn(folder)).some(isPicture) ? 'pictures right in' : 'no folder in'
}

/** What to say of `--defects` for a family that learns nothing from them; empty for one that does. */
export function unusedDefects (family: string, set: Settings): string {
  return learnsFromDefects(family, set) ? '' : `Not used, as ${family} does not learn from labelled defects: --defects.`
}

/** A choice of family does where one of those that it chooses from does. */
function learnsFromDefects (family: string, set: Settings): boolean {
  const { learnsDefects = 'never', defaults } = detectorByFamily(family)
  if (family !== 'auto') return learnsDefects !== 'never'
  const families = set['families'] ?? defaults['families']
  return Array.isArray(families) && detectors.some((detector) => families.includes(detector.family) && detector.learnsDefects === 'optional')
}
