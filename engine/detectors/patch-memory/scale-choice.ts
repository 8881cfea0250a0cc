/**
 * `scale: auto`: layers, input size, normalisation and bank size are chosen by how well defects drawn on held-out good parts separate
 * from those parts untouched. No real defect is needed, and the calibration pictures are not looked at.
 */
import type { Backbone } from '../../backbones/backbone.ts'
import type { ScaleTrial } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { holdOut } from '../hold-out.ts'
import { scaleCandidates, settingVariants } from './candidates.ts'
import type { MemorySettings } from './memory.ts'
import type { PatchMemoryOptions } from './options.ts'
import { drawnPictures } from './drawn-pictures.ts'
import type { DrawnPicture } from './drawn-pictures.ts'
import { Trial } from './trial.ts'

export interface ScaleChoice {
  settings: MemorySettings
  trials: ScaleTrial[]
}

/** Pictures of good parts that trials learn from and are judged by. */
const mostToLearn = 80
const heldOutShare = 0.3
const mostHeldOut = 40
const leastHeldOut = 4
/** After the first part of the pictures, candidates so far behind the best are left. */
const firstPart = 0.4
const clearlyBehind = 0.06
/** Proxies nearer than this are alike: the cheaper choice wins. */
const alike = 0.003
/** Smaller banks tried, as shares of the full one. */
const bankShares = [0.25, 0.5]

export async function chooseScale (options: PatchMemoryOptions, backbone: Backbone, edge: number, images: readonly GoodImage[], work: FitWork): Promise<ScaleChoice> {
  const candidates = scaleCandidates(options, backbone, edge)
  const [only] = candidates
  const open = candidates.length > 1 || options.normalisation === 'auto' || options.whitening === 'auto' || options.bankSize === 'auto'
  if (!open) return { settings: only as MemorySettings, trials: [] }

  const split = holdOut(images, { share: heldOutShare, atLeast: leastHeldOut, atMost: mostHeldOut }, work.random('trial'))
  const kept = spread(split.kept, mostToLearn)
  const held = spread(split.heldOut, mostHeldOut)
  const drawn = drawnPictures(held, work.random('defects'))
  const first = drawn.slice(0, Math.ceil(firstPart * drawn.length))
  const trials: Trial[] = []
  const table = (): ScaleTrial[] => trials.map((trial) => trial.row)
  const run = async (settings: MemorySettings, pictures: readonly DrawnPicture[]): Promise<Trial> => {
    const trial = new Trial(settings, { ...options, backbone })
    trials.push(trial)
    work.showTrials(table())
    await trial.learn(kept, work)
    await trial.judge(pictures, work, options.targetImagesPerSecond)
    work.showTrials(table())
    return trial
  }

  for (const settings of candidates) await run(settings, first)
  const inTime = trials.filter((trial) => !trial.tooSlow)
  if (inTime.length === 0) throw tooSlow(trials, options.targetImagesPerSecond)
  await finish(inTime, drawn, work, table)
  const scale = best(inTime)

  const variants = [scale]
  for (const settings of settingVariants(options, scale.settings)) variants.push(await run(settings, first))
  await finish(variants, drawn, work, table)
  const winner = best(variants.filter((trial) => !trial.tooSlow))

  if (options.bankSize === 'auto') await winner.shrinkBank(bankShares, drawn, alike, work)
  for (const trial of trials) trial.settle(winner)
  work.showTrials(table())
  return { settings: winner.settings, trials: table() }
}

/** Judges those that are not clearly behind by all the pictures. */
async function finish (trials: readonly Trial[], drawn: readonly DrawnPicture[], work: FitWork, table: () => ScaleTrial[]): Promise<void> {
  const lead = Math.max(...trials.map(({ proxy }) => proxy))
  for (const trial of trials) {
    if (trial.proxy < lead - clearlyBehind) trial.leave(`clearly behind after ${trial.judged} of ${drawn.length} pictures`)
    else await trial.judge(drawn.slice(trial.judged), work, 0)
    work.showTrials(table())
  }
}

/** The cheapest of those that are as good as the best. By arithmetic, not by the clock: the same seed must choose the same. */
function best (trials: readonly Trial[]): Trial {
  const running = trials.filter(({ left }) => !left).sort((a, b) => b.proxy - a.proxy)
  const lead = running[0]?.proxy ?? 0
  const equals = running.filter(({ proxy }) => proxy >= lead - alike)
  return equals.reduce((cheapest, trial) => trial.cost < cheapest.cost ? trial : cheapest)
}

/** Evenly over the list, in its order. */
function spread<Item> (items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.floor(i * items.length / most)] as Item)
}

function tooSlow (trials: readonly Trial[], target: number): GoodpartsError {
  const fastest = Math.max(...trials.map(({ imagesPerSecond }) => imagesPerSecond))
  return new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected a choice that scores ${target} images per second here, got ${fastest.toFixed(1)} at the fastest`,
    { fix: 'Ask for fewer images per second, or give a smaller size.' })
}
