/** Which word of a person a label is: a broker may deliver the same one again. */
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { PictureLabel } from './label-inbox.ts'

/** What a person, or the line, says of a part. */
export type SaidLabel = Pick<PictureLabel, 'product' | 'label' | 'partId' | 'by'> & {
  /** Of the word: another for each time that a person says something, the same when a broker delivers it again. Without it, all words of one inspection are the same. */
  wordId?: string | null
}

/** As `PictureLabel.word`; nothing where neither id is known. */
export function wordOf ({ wordId }: Pick<SaidLabel, 'wordId'>, inspection: InspectionRecord | null): { word?: string } {
  return wordId == null && inspection === null ? {} : { word: `${inspection?.eventId ?? ''}/${wordId ?? ''}` }
}

/** What is kept of it, but for whether the line was in drift. */
export function labelOf ({ wordId = null, ...label }: SaidLabel, inspection: InspectionRecord | null): Omit<PictureLabel, 'inDrift'> {
  return { ...label, ...wordOf({ wordId }, inspection), pValue: inspection?.pValue ?? null }
}
