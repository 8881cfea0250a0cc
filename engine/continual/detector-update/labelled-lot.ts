/** What waits for an update, embedded, and sorted into what may be learned, what checks it, and what a person must see first. */
import { createHash } from 'node:crypto'
import { efficientNetLite0 } from '../../backbones/backbone.ts'
import { decodeImage, type RawImage } from '../../frame/image-codec.ts'
import type { Exemplar, ReplayItem } from '../buffers/replay-policy.ts'
import { removedLabel } from '../../label-text.ts'
import type { LabelInbox, WaitingPicture } from '../label-inbox.ts'
import { embeddingSize, PictureEmbedding } from '../picture-embedding.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { exemplarLabel } from '../../../schemas/exemplar-label.ts'
import type { CodedText } from '../../../schemas/learning.ts'
import { LabelGuard, type HeldBack } from './label-guard.ts'

export interface LotPicture {
  item: ReplayItem
  by: WaitingPicture['by']
  /** Of `WaitingPicture`. */
  confirmed: boolean
  read: () => Promise<RawImage>
}

export interface LabelledLot {
  /** Good parts whose patches the bank may take. */
  learned: LotPicture[]
  /** Good parts that no bank ever takes, and defects: they check this update and, as exemplars, later ones. */
  checked: LotPicture[]
  heldBack: HeldBack[]
  /** Labels of the lot that their pictures cannot contradict. */
  unchecked: CodedText[]
  /** Not to be kept, at a person's word. */
  removed: string[]
}

/** Of good parts, for good: the same part is on the same side in every update. */
const heldOutShare = 0.4

export interface RememberedParts {
  memory: readonly Exemplar[]
  /** Also those exemplars of which a person has said something anew: a picture stays its part's. */
  remembered: readonly Exemplar[]
}

/** @param driftUntil Of `GuardOptions`. */
export async function sortLot (inbox: LabelInbox, { memory, remembered }: RememberedParts, driftUntil: string | null, progress: (done: number, total: number) => void): Promise<LabelledLot> {
  const lot: LabelledLot = { learned: [], checked: [], heldBack: [], unchecked: [], removed: [] }
  const guard = new LabelGuard(memory, { driftUntil })
  const parts = new Map(remembered.map(({ id, group }) => [id, group]))
  const embedding = await PictureEmbedding.open({ backbone: efficientNetLite0, size: embeddingSize })
  try {
    for (const [index, waiting] of inbox.waiting.entries()) {
      progress(index, inbox.waiting.length)
      if (waiting.label === removedLabel) {
        lot.removed.push(waiting.sha256)
        continue
      }
      const read = (): Promise<RawImage> => decodeImage(inbox.pictures.path(waiting.sha256))
      const item = itemOf({ ...waiting, partId: waiting.partId ?? parts.get(waiting.sha256) ?? null }, await embedding.of(await read()))
      const held = guard.holdingReason(waiting, item)
      if (held !== null) lot.heldBack.push(held)
      else (isHeldOut(item) ? lot.checked : lot.learned).push({ item, by: waiting.by, confirmed: waiting.confirmed, read })
    }
    lot.unchecked = guard.unchecked(inbox.waiting.filter(({ by, confirmed, label }) => by === 'person' && !confirmed && label !== removedLabel).map(({ product, label }) => exemplarLabel(product, label)))
    return lot
  } finally {
    await embedding.close()
  }
}

function itemOf ({ sha256, product, label, partId, bytes }: WaitingPicture, features: Float32Array): ReplayItem {
  return { id: sha256, label: exemplarLabel(product, label), features, bytes, group: partId }
}

export function isHeldOut ({ id, group, label }: Pick<ReplayItem, 'id' | 'group' | 'label'>): boolean {
  if (!isGoodLabel(label)) return true
  return createHash('sha256').update(group ?? id).digest().readUInt32BE() / 2 ** 32 < heldOutShare
}
