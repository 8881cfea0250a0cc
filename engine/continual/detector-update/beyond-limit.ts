/**
 * Good parts of a lot that the bundle in use would reject. Where pictures do not tell the classes apart, its score is the only thing that can
 * speak against a person's word.
 */
import type { ModelBundle } from '../../bundle/bundle.ts'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import type { Exemplar } from '../buffers/replay-policy.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { scoresOf } from './candidate-model.ts'
import { productOf, type HeldBack } from './label-guard.ts'
import type { LabelledLot, LotPicture } from './labelled-lot.ts'
import { SnnlReference } from '../snnl.ts'

/**
 * The lot with those held back whose scores lie beyond the reject limit, in products that the bundle knows and whose other good parts of the
 * lot pass. Where half of them or more lie beyond, the product or its light has changed, and none is doubted; nor is what a person has confirmed.
 * @param rejectLimit of `parent`, score units
 */
export async function withoutBeyondLimit (lot: LabelledLot, parent: ModelBundle, rejectLimit: number, exemplars: readonly Exemplar[], threads: number): Promise<LabelledLot> {
  const known = knownProducts(parent.metadata, exemplars)
  const good = [...lot.learned, ...lot.checked].filter(({ item }) => isGoodLabel(item.label) && (known.has(productOf(item.label)) || !listsProducts(parent.metadata)))
  const scores = await scoresOf(parent.bytes, good.map(({ read }) => read), threads)
  const reference = new SnnlReference(exemplars)
  const beyond = new Map<LotPicture, HeldBack>()
  for (const label of new Set(good.map(({ item }) => item.label))) {
    const own = good.flatMap((picture, index) => picture.item.label === label ? [{ picture, score: scores[index] as number }] : [])
    const rejected = own.filter(({ score }) => score > rejectLimit)
    if (2 * rejected.length >= own.length) continue
    for (const { picture, score } of rejected.filter(({ picture: { confirmed } }) => !confirmed)) {
      beyond.set(picture, { sha256: picture.item.id, reason: 'beyond-the-limit', text: `labelled ${label}, but its score ${score.toPrecision(4)} lies beyond the reject limit ${rejectLimit.toPrecision(4)}`, values: { label, score, limit: rejectLimit }, snnl: reference.of(picture.item) })
    }
  }
  const stays = (picture: LotPicture): boolean => !beyond.has(picture)
  return { ...lot, learned: lot.learned.filter(stays), checked: lot.checked.filter(stays), heldBack: [...lot.heldBack, ...beyond.values()] }
}

/** Those that the bundle lists, and those with remembered good parts. */
export function knownProducts ({ options: { products } }: BundleMetadata, exemplars: readonly Exemplar[]): Set<unknown> {
  return new Set<unknown>([...Array.isArray(products) ? products : [], ...exemplars.filter(({ label }) => isGoodLabel(label)).map(({ label }) => productOf(label))])
}

/** A bundle that was never updated does not. */
export function listsProducts ({ options: { products } }: BundleMetadata): boolean {
  return Array.isArray(products)
}
