/**
 * Chooses between ways of making a detector by how well defects drawn on held-out good parts separate from the same parts untouched. No real
 * defect is needed, and the calibration pictures are not looked at.
 */
import type { JsonValue, ScaleTrial } from '../../schemas/bundle.ts'
import { GoodpartsError } from '../errors.ts'
import { auroc } from '../auroc.ts'
import type { GoodImage } from './detector.ts'
import { drawnPictures, picturesOf } from './drawn-pictures.ts'
import type { DrawnPicture } from './drawn-pictures.ts'
import type { FitWork } from './fit-work.ts'
import { holdOut } from './hold-out.ts'
import { Scorer } from './scorer.ts'
import { slowerThan, tooSlow } from './speed.ts'

export interface ProxyCandidate {
  layers: string
  size: number
  settings: { [name: string]: JsonValue }
  /** Multiplications for one picture, roughly. */
  cost: number
  /** The serialised graph, learnt from these pictures. */
  learn (images: readonly GoodImage[], work: FitWork): Promise<Uint8Array>
}

export interface ProxyResult {
  /** AUROC of drawn-on against untouched pictures. */
  proxy: number
  imagesPerSecond: number
}

/** Share of the good parts that judge and do not teach. */
const heldOutShare = 0.3
const leastHeldOut = 4
const mostToLearn = 100
const mostToJudge = 40
/** Proxies nearer than this are alike: the cheaper choice wins. */
const alike = 0.003

/** A single candidate is tried only for its speed's sake. @throws GOODPARTS_FIT_FAILED when no candidate scores `targetImagesPerSecond` pictures here; 0 = any speed. */
export async function chooseByProxy<Candidate extends ProxyCandidate> (candidates: readonly Candidate[], images: readonly GoodImage[], targetImagesPerSecond: number, work: FitWork): Promise<{ chosen: Candidate, trials: ScaleTrial[] }> {
  const [only, ...others] = candidates
  if (only === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected something to choose from, got nothing')
  if (others.length === 0 && targetImagesPerSecond === 0) return { chosen: only, trials: [] }
  const { kept, heldOut } = holdOut(images, { share: heldOutShare, atLeast: leastHeldOut }, work.random('trial'))
  const drawn = drawnPictures(spread(heldOut, mostToJudge), work.random('defects'))
  const tried: Array<{ candidate: Candidate, row: ScaleTrial, result: ProxyResult }> = []
  for (const candidate of candidates) {
    const { layers, size, settings } = candidate
    const part = `${size} ${layers}`.trim()
    const model = await candidate.learn(spread(kept, mostToLearn), work.under(`trying ${part}`))
    const result = await judgeModel(model, drawn, work.under(`judging ${part}`))
    const slow = result.imagesPerSecond < targetImagesPerSecond
    const row = { layers, size, settings, proxyAuroc: result.proxy, imagesPerSecond: result.imagesPerSecond, outcome: slow ? slowerThan(targetImagesPerSecond) : 'behind', chosen: false }
    tried.push({ candidate, row, result })
    work.showTrials(tried.map((trial) => trial.row))
  }
  const inTime = tried.filter(({ result }) => result.imagesPerSecond >= targetImagesPerSecond)
  const lead = Math.max(...inTime.map(({ result }) => result.proxy))
  const [winner] = inTime.filter(({ result }) => result.proxy >= lead - alike).sort((a, b) => a.candidate.cost - b.candidate.cost)
  if (winner === undefined) throw tooSlow(tried.map(({ result }) => result.imagesPerSecond), targetImagesPerSecond)
  Object.assign(winner.row, { outcome: 'chosen', chosen: true })
  const trials = tried.map(({ row }) => row)
  work.showTrials(trials)
  return { chosen: winner.candidate, trials }
}

/** Scores each picture untouched and with its drawings. */
export async function judgeModel (model: Uint8Array, pictures: readonly DrawnPicture[], work: FitWork): Promise<ProxyResult> {
  const scorer = await Scorer.open(model, work.threads)
  const [good, drawn]: [number[], number[]] = [[], []]
  try {
    for (const [index, picture] of pictures.entries()) {
      await work.step('scores', index, pictures.length)
      let list = good
      for await (const image of picturesOf(picture, work.pool)) {
        list.push(await scorer.score(image))
        list = drawn
      }
    }
    return { proxy: auroc(good, drawn) ?? 0, imagesPerSecond: scorer.imagesPerSecond ?? 0 }
  } finally {
    await scorer.close()
  }
}

/** Evenly over the list, in its order. */
export function spread<Item> (items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.floor(i * items.length / most)] as Item)
}
