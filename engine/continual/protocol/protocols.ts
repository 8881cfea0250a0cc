/** What changes from task to task, by the names of pictures in a data set. */
import { basename } from 'node:path'
import { GoodpartsError } from '../../errors.ts'
import { groupsOf } from '../samples.ts'
import type { LabelledPicture } from './embedded-pictures.ts'

/** What a protocol looks at. */
export type ArrangedPicture = Pick<LabelledPicture, 'id' | 'product' | 'task'>

export interface Protocol {
  name: string
  description: string
  /** What comes later is the same product, changed. */
  sameProduct: boolean
  /** The pictures in the order of their tasks. @throws GOODPARTS_DATASET_INVALID when their names do not tell. */
  arrange<Picture extends ArrangedPicture> (pictures: readonly Picture[]): Picture[]
}

/** Of wear: the whole time of each product, cut into so many parts of as many pictures. */
const periods = 6
/** Stray exposures go with the next. */
const fewestOfExposure = 10
const exposurePattern = /_(e\d+)_/

export const protocols: readonly Protocol[] = [
  { name: 'products', description: 'one product after the other, in the order given', sameProduct: false, arrange: (pictures) => [...pictures] },
  { name: 'lighting', description: 'one exposure after the other, the same parts: file names carry _e0_, _e1_, …', sameProduct: true, arrange: byExposure },
  { name: 'wear', description: `time in ${periods} periods: the names of a product's files sort by time`, sameProduct: true, arrange: byTime }
]

/** @throws GOODPARTS_ARGUMENT for a protocol that does not exist. */
export function protocolByName (name: string): Protocol {
  const found = protocols.find((protocol) => protocol.name === name)
  if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the protocol to be one of ${protocols.map((protocol) => protocol.name).join(', ')}, got ${name}`)
  return found
}

function byExposure<Picture extends ArrangedPicture> (pictures: readonly Picture[]): Picture[] {
  const exposed = inOrder(pictures.map((picture) => {
    const exposure = exposurePattern.exec(basename(picture.id))?.[1]
    if (exposure === undefined) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected file names with an exposure such as _e1_, got ${basename(picture.id)}`)
    return { ...picture, task: exposure }
  }))
  const lots = [...groupsOf(exposed, ({ task }) => task)]
  return lots.flatMap(([task, own], index) => own.map((picture) => ({ ...picture, task: own.length < fewestOfExposure ? lots[index + 1]?.[0] ?? task : task })))
}

function byTime<Picture extends ArrangedPicture> (pictures: readonly Picture[]): Picture[] {
  return inOrder([...groupsOf(pictures, ({ product }) => product).values()].flatMap((own) => {
    const ordered = own.toSorted((a, b) => basename(a.id) < basename(b.id) ? -1 : 1)
    return ordered.map((picture, index) => ({ ...picture, task: `period ${1 + Math.floor(periods * index / ordered.length)}` }))
  }))
}

function inOrder<Picture extends ArrangedPicture> (pictures: readonly Picture[]): Picture[] {
  return pictures.toSorted((a, b) => a.task.localeCompare(b.task, 'en', { numeric: true }))
}
