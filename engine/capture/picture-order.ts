/** Which pictures of a folder a pass shows, in which order. Pure. */
import { permutation, seededRandom, type Random } from '../random.ts'
import type { PictureFeedPlan } from './feed-plan.ts'

export interface ListedPicture {
  /** Relative to the folder, with `/`. */
  path: string
  good: boolean
}

const byName = new Intl.Collator('en', { numeric: true })

/**
 * The pictures of pass number `pass`, counted from 0. With `learn`, pass 0 begins with the first good ones by name and every pass shows the
 * others; with `defectShare`, as many of the others as keep that share. Pictures are never shown twice in a pass.
 */
export function orderPass (pictures: readonly ListedPicture[], plan: Pick<PictureFeedPlan, 'order' | 'seed' | 'learn' | 'defectShare'>, pass: number): ListedPicture[] {
  const sorted = [...pictures].sort((a, b) => byName.compare(a.path, b.path))
  const learned = plan.learn === 0 ? [] : sorted.filter(({ good }) => good).slice(0, plan.learn)
  const known = new Set(learned)
  const rest = sorted.filter((picture) => !known.has(picture))
  const random = seededRandom(plan.seed + pass)
  const chosen = plan.defectShare === null ? rest : withShare(rest, plan.defectShare, random)
  const ordered = plan.order === 'name' ? chosen : shuffled(chosen, random)
  return pass === 0 ? [...learned, ...ordered] : ordered
}

/** The largest choice whose share of defective pictures is `share`, to the nearest picture. */
function withShare (pictures: readonly ListedPicture[], share: number, random: Random): ListedPicture[] {
  const good = shuffled(pictures.filter((picture) => picture.good), random)
  const defective = shuffled(pictures.filter((picture) => !picture.good), random)
  const defectsWanted = share === 1 ? defective.length : Math.round(good.length * share / (1 - share))
  if (defectsWanted <= defective.length) return inOrderOf(pictures, [...share === 1 ? [] : good, ...defective.slice(0, defectsWanted)])
  return inOrderOf(pictures, [...good.slice(0, Math.round(defective.length * (1 - share) / share)), ...defective])
}

function inOrderOf (pictures: readonly ListedPicture[], chosen: readonly ListedPicture[]): ListedPicture[] {
  const set = new Set(chosen)
  return pictures.filter((picture) => set.has(picture))
}

function shuffled (pictures: readonly ListedPicture[], random: Random): ListedPicture[] {
  return [...permutation(pictures.length, random)].map((index) => pictures[index] as ListedPicture)
}
