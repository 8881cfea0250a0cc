/**
 * Good parts of a lot that the bundle in use would reject. Where pictures do not tell the classes apart, its score is the only thing that can
 * speak against a person's word.
 */
import type { ModelBundle } from '../../bundle/bundle.ts'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import type { BufferState } from '../buffers/replay-buffer.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { scoresOf } from './candidate-model.ts'
import { productOf, type HeldBack } from './label-guard.ts'
import type { LabelledLot, LotPicture } from './labelled-lot.ts'
import { SnnlReference } from '../snnl.ts'

/**
 * The lot with those held back whose scores lie beyond the reject limit, in products that the bundle knows and whose other good parts of the
 * lot pass. Where half of them or more lie beyond, the product or its light has changed, and none is doubted; nor is what a person has confirmed.
 * @param rejectLimitOf of `parent` for a product, score units
 */
export async function withoutBeyondLimit (lot: LabelledLot, parent: ModelBundle, rejectLimitOf: (product: string) => number, memory: BufferState, threads: number): Promise<LabelledLot> {
  const known = knownProducts(parent.metadata, memory)
  const good = [...lot.learned, ...lot.checked].filter(({ item }) => isGoodLabel(item.label) && (known.has(productOf(item.label)) || !listsProducts(parent.metadata)))
  const scores = await scoresOf(parent.bytes, good.map(({ read }) => read), threads)
  const reference = new SnnlReference(memory.exemplars)
  const beyond = new Map<LotPicture, HeldBack>()
  for (const label of new Set(good.map(({ item }) => item.label))) {
    const own = good.flatMap((picture, index) => picture.item.label === label ? [{ picture, score: scores[index] as number }] : [])
    const rejectLimit = rejectLimitOf(productOf(label))
    const rejected = own.filter(({ score }) => score > rejectLimit)
    if (2 * rejected.length >= own.length) continue
    for (const { picture, score } of rejected.filter(({ picture: { confirmed } }) => !confirmed)) {
      beyond.set(picture, { sha256: picture.item.id, reason: 'beyond-the-limit', text: `labelled ${label}, but its score ${score.toPrecision(4)} lies beyond the reject limit ${rejectLimit.toPrecision(4)}`, values: { label, score, limit: rejectLimit }, snnl: reference.of(picture.item) })
    }
  }
  const stays = (picture: LotPicture): boolean => !beyond.has(picture)
  return { ...lot, learned: lot.learned.filter(stays), checked: lot.checked.filter(stays), heldBack: [...lot.heldBack, ...beyond.values()] }
}

/**
 * Those that the bundle lists, and those with remembered good parts. One that is listed although the memory saw defects of it and never a good part was
 * listed for these defects, as bundles once were: it is not known.
 */
export function knownProducts ({ options: { products } }: BundleMetadata, { exemplars, seen }: BufferState): Set<unknown> {
  const remembered = new Set(exemplars.map(({ label }) => productOf(label)))
  const good = new Set([...exemplars.map(({ label }) => label), ...Object.keys(seen)].filter(isGoodLabel).map(productOf))
  const listed = (Array.isArray(products) ? products : []).filter((product) => typeof product !== 'string' || good.has(product) || !remembered.has(product))
  return new Set<unknown>([...listed, ...exemplars.filter(({ label }) => isGoodLabel(label)).map(({ label }) => productOf(label))])
}

/** A bundle that was never updated does not. */
export function listsProducts ({ options: { products } }: BundleMetadata): boolean {
  return Array.isArray(products)
}
