/** What a line that learns from good parts only meets: a first task to fit on, then lots that people label, each with test pictures of its own. */
import { basename } from 'node:path'
import type { Split } from '../../evaluation/dataset-entry.ts'
import { readDataset } from '../../evaluation/dataset.ts'
import { GoodpartsError } from '../../errors.ts'
import { permutation, seededRandom, type Random } from '../../random.ts'
import { isHeldOut } from '../detector-update/labelled-lot.ts'
import { groupsOf, randomSample } from '../samples.ts'
import type { Protocol } from './protocols.ts'

export interface LinePicture {
  /** Absolute path. */
  id: string
  /** `good`, or the type of defect. */
  label: string
  isGood: boolean
  product: string
  task: string
  /** The physical part. */
  partId: string
  split: Split
}

export interface UpdateTask {
  name: string
  /** Of the first task: good parts that the first bundle learns, and others that it is calibrated on. */
  fitted: LinePicture[]
  calibration: LinePicture[]
  /** What people say, good parts and defects. */
  labelled: LinePicture[]
  test: LinePicture[]
}

export interface LabelCounts {
  /** Good parts and defects of a task that people label, at most. */
  labels: number
  defects: number
}

/** Of good parts in a data set that its author has not split. */
const trainingShare = 0.7
/** Of the first task: what a fit must be calibrated on, and what the gate asks of a product. */
const fewestOfEach = 10

/** All pictures of the data sets in the order of the protocol's tasks. @throws GOODPARTS_DATASET_INVALID */
export async function linePictures (paths: readonly string[], protocol: Protocol): Promise<LinePicture[]> {
  const sets = await Promise.all(paths.map(readDataset))
  const pictures = sets.flatMap(({ name, entries }) => entries.map(({ path, label, isGood, product, group, split }): LinePicture =>
    ({ id: path, label, isGood, product: product ?? name, task: product ?? name, partId: `${product ?? name} ${group ?? basename(path)}`, split })))
  const [product = 'part', ...others] = new Set(pictures.map((picture) => picture.product))
  const arranged = protocol.arrange(pictures)
  return protocol.sameProduct ? arranged.map((picture) => ({ ...picture, product: others.length === 0 ? product : 'part' })) : arranged
}

/**
 * Good parts that the gate checks on by their hash are never fitted on; of the first task half of them calibrate and the rest are what a
 * person confirms; where they are too few for that, all do both. Of the defects half may be labelled, the others are tested on; a part is on one side throughout.
 * @throws GOODPARTS_DATASET_INVALID without good parts to begin with, or with one task alone
 */
export function planUpdates (pictures: readonly LinePicture[], { labels, defects }: LabelCounts, seed: number): UpdateTask[] {
  const random = seededRandom(seed)
  const teaching = drawnParts(pictures.filter(({ isGood, split }) => isGood && split === 'stream'), trainingShare, random)
  const shown = drawnParts(pictures.filter(({ isGood }) => !isGood), 0.5, random)
  const mayTeach = ({ partId, isGood, split }: LinePicture): boolean => isGood && (split === 'stream' ? teaching.has(partId) : split !== 'test')
  const tasks = [...groupsOf(pictures, ({ task }) => task)]
  if (tasks.length < 2) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected at least two tasks, one after the other, got ${tasks[0]?.[0] ?? 'none'}`, { fix: 'Give another data set, or another --protocol.' })
  return tasks.map(([name, own], index) => {
    const good = own.filter(mayTeach)
    const bad = randomSample(own.filter(({ isGood, partId }) => !isGood && shown.has(partId)), defects, random)
    const test = own.filter((picture) => picture.isGood ? !mayTeach(picture) : !shown.has(picture.partId))
    if (index > 0) return { name, fitted: [], calibration: [], labelled: [...randomSample(good, labels, random), ...bad], test }
    const heldOut = good.filter(isChecked)
    const { calibrating, confirmed } = dealt(heldOut, labels, random)
    return {
      name,
      fitted: good.filter((picture) => !isChecked(picture)),
      calibration: heldOut.filter(({ partId }) => calibrating.has(partId)),
      labelled: [...heldOut.filter(({ partId }) => confirmed.has(partId)), ...bad],
      test
    }
  })
}

/** Whether an update keeps the part to check on. */
export function isChecked ({ id, partId }: LinePicture): boolean {
  return isHeldOut({ id, group: partId, label: 'good' })
}

function dealt (heldOut: readonly LinePicture[], labels: number, random: Random): { calibrating: Set<string>, confirmed: Set<string> } {
  const parts = randomSample([...new Set(heldOut.map(({ partId }) => partId))], Infinity, random)
  if (parts.length < 2 * fewestOfEach) return { calibrating: new Set(parts), confirmed: new Set(parts.slice(0, labels)) }
  const confirmed = parts.splice(0, Math.min(labels, parts.length >> 1))
  return { calibrating: new Set(parts), confirmed: new Set(confirmed) }
}

function drawnParts (pictures: readonly LinePicture[], share: number, random: Random): Set<string> {
  const parts = [...new Set(pictures.map(({ partId }) => partId))]
  return new Set(Array.from(permutation(parts.length, random).subarray(0, Math.round(share * parts.length)), (index) => parts[index] as string))
}
