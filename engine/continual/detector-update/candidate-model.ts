/** The graph that an update proposes, and the pictures of the lot that it would not vouch for. */
import { Scorer } from '../../detectors/scorer.ts'
import { seededRandom } from '../../random.ts'
import type { BundleMetadata, JsonValue } from '../../../schemas/bundle.ts'
import type { ModelBundle } from '../../bundle/bundle.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { extendedBank, patchesOf } from './extended-bank.ts'
import { outliersOf, productOf } from './label-guard.ts'
import type { LotPicture } from './labelled-lot.ts'
import { knownLights, lightOf, typicalLight, withLight, type Light } from './light-adapter.ts'
import { strangenessOf } from './lot-agreement.ts'
import { readPatchMemory } from './patch-memory-graph.ts'

export const updateModes = ['extend', 'recalibrate', 'adapt'] as const
export type UpdateMode = typeof updateModes[number]

export interface CandidateModel {
  /** The scoring graph, without metadata. */
  model: Uint8Array
  learned: LotPicture[]
  checked: LotPicture[]
  /** Good pictures that stand out from the rest of their lot. */
  outliers: LotPicture[]
  /** What the bundle's options say from now on. */
  options: Record<string, JsonValue>
}

/** A remembered part, seen again. */
export interface RememberedPicture { label: string, read: LotPicture['read'] }

/**
 * `recalibrate` leaves the graph as it is. `extend` gives a patch memory a bank of the same size that covers the lot's good parts, but for
 * those that stand out from their lot. `adapt` puts an adapter for the lot's light in front of any graph.
 */
export async function candidateModel (parent: ModelBundle, mode: UpdateMode, lot: { learned: LotPicture[], checked: LotPicture[] }, remembered: readonly RememberedPicture[], { seed, threads }: { seed: number, threads: number }): Promise<CandidateModel> {
  if (mode === 'recalibrate') return await withoutOutlying({ model: parent.bytes, learned: [], checked: [...lot.checked, ...lot.learned], outliers: [], options: {} }, threads)
  if (mode === 'adapt') return await withoutOutlying(await adaptedModel(parent, lot, remembered), threads)
  const memory = readPatchMemory(parent.bytes)
  const good = [...lot.learned, ...lot.checked.filter(({ item }) => isGoodLabel(item.label))]
  const patches = await patchesOf(memory, good.map(({ read }) => read), seededRandom(seed), threads)
  const outliers = new Set(standingOut(good, (indices) => strangenessOf(memory.bank, indices.map((index) => patches[index] as Float32Array))))
  const learned = lot.learned.filter((picture) => !outliers.has(picture))
  const added = patches.filter((_, index) => learned.includes(good[index] as LotPicture))
  return {
    model: added.length === 0 ? parent.bytes : memory.withEntries(await extendedBank(memory, added, bankShare(parent.metadata, learned))),
    learned,
    checked: lot.checked.filter((picture) => !outliers.has(picture)),
    outliers: [...outliers],
    options: {}
  }
}

/** To the light that the bundle was fitted in: as its options say, or as the remembered good parts of the lot's products show. */
async function adaptedModel (parent: ModelBundle, lot: { learned: LotPicture[], checked: LotPicture[] }, remembered: readonly RememberedPicture[]): Promise<CandidateModel> {
  const products = new Set(lot.learned.map(({ item }) => productOf(item.label)))
  const own = remembered.filter(({ label }) => isGoodLabel(label) && products.has(productOf(label)))
  const known = knownLights(parent.metadata) ?? [await lightOfAll(own)]
  const added = await lightOfAll(lot.learned)
  return { model: withLight(parent.bytes, added, known), learned: lot.learned, checked: lot.checked, outliers: [], options: { lights: [...known, added] } }
}

async function lightOfAll (pictures: ReadonlyArray<Pick<LotPicture, 'read'>>): Promise<Light> {
  const lights: Light[] = []
  for (const { read } of pictures) lights.push(lightOf(await read()))
  return typicalLight(lights)
}

/** Of the bank: an equal part for each product that is new, and for more of a known one the share of its pictures. */
function bankShare ({ options: { products }, training }: BundleMetadata, learned: readonly LotPicture[]): number {
  const known = Array.isArray(products) ? products : []
  const lot = [...new Set(learned.map(({ item }) => productOf(item.label)))]
  const fresh = lot.filter((product) => !known.includes(product)).length
  const byPictures = learned.length / (training.images + learned.length)
  return known.length === 0 ? byPictures : Math.max(byPictures, fresh / (known.length + fresh))
}

/** Good parts whose scores stand out from their lot are left out: a single one would lift the limit above the defects. */
async function withoutOutlying (candidate: CandidateModel, threads: number): Promise<CandidateModel> {
  const good = [...candidate.learned, ...candidate.checked].filter(({ item }) => isGoodLabel(item.label))
  const scores = await scoresOf(candidate.model, good.map(({ read }) => read), threads)
  const outliers = standingOut(good, (indices) => indices.map((index) => scores[index] as number))
  const stays = (picture: LotPicture): boolean => !outliers.includes(picture)
  return { ...candidate, learned: candidate.learned.filter(stays), checked: candidate.checked.filter(stays), outliers }
}

/** Product by product; what a person has confirmed stands. */
function standingOut (pictures: readonly LotPicture[], strangenessOfAll: (indices: readonly number[]) => readonly number[]): LotPicture[] {
  return [...new Set(pictures.map(({ item }) => item.label))].flatMap((label) => {
    const indices = pictures.flatMap(({ item }, index) => item.label === label ? [index] : [])
    return outliersOf(strangenessOfAll(indices)).map((at) => pictures[indices[at] as number] as LotPicture).filter(({ confirmed }) => !confirmed)
  })
}

export async function scoresOf (model: Uint8Array, images: ReadonlyArray<LotPicture['read']>, threads: number): Promise<number[]> {
  if (images.length === 0) return []
  const scorer = await Scorer.open(model, threads)
  try {
    const scores: number[] = []
    for (const read of images) scores.push(await scorer.score(await read()))
    return scores
  } finally {
    await scorer.close()
  }
}
