/**
 * `scale: auto`: layers, input size, normalisation and bank size are chosen by how well defects drawn on held-out good parts separate
 * from those parts untouched. No real defect is needed, and the calibration pictures are not looked at.
 */
import type { Backbone } from '../../backbones/backbone.ts'
import type { ScaleTrial } from '../../../schemas/bundle.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { holdOut } from '../hold-out.ts'
import { spread } from '../proxy-choice.ts'
import { imagesPerSecondOf, tooSlow } from '../speed.ts'
import { scaleCandidates, settingVariants } from './candidates.ts'
import type { MemorySettings } from './memory.ts'
import type { PatchMemoryOptions } from './options.ts'
import { drawnPictures } from '../drawn-pictures.ts'
import type { DrawnPicture } from '../drawn-pictures.ts'
import { Trial } from './trial.ts'

export interface ScaleChoice {
  settings: MemorySettings
  trials: ScaleTrial[]
}

/** Share of the good parts that judge and do not teach. */
const heldOutShare = 0.3
const leastHeldOut = 4
/** A first look at every candidate by few pictures; a second at the best by many, because coarse layers gain more from further good parts (measured). */
const firstLook = { learn: 40, judge: 40 }
const secondLook = { learn: 300, judge: 100 }
/** Candidates that get the second look, and how far behind the best of the first they may be. */
const mostInSecondLook = 3
const clearlyBehind = 0.08
/** Where nearly every drawn defect is seen, proxies nearer than `alike` are equal and the cheapest choice wins. */
const allSeen = 0.99
const alike = 0.003
/**
 * Elsewhere proxies that come so near cannot be told apart by some hundred pictures, and what is known of real defects decides. Larger
 * pictures see them better (magnetic tiles, standard layers at 256, 320 and 384 pixels: proxies within 0.01, AUROC 0.832, 0.864 and 0.879).
 * So do coarse layers, but only where enough good parts teach them what varies: of 59 pictures of a board they had AUROC 0.938 where fine
 * layers had 1.000, with proxies within 0.007.
 */
const near = 0.015
const enoughForCoarse = 100
/** The same by the few pictures of the first look. */
const nearAtFirstLook = 0.03
/**
 * The usual settings stay unless another is better by more than this. Drawn defects rank normalisations less surely than scales (measured
 * on magnetic tiles: within 0.02 they may disagree). Whitening they rank as real ones do (a board without it: proxy 0.011 higher, AUROC
 * 0.999 for 0.992; plates and tiles level in both).
 */
const clearlyBetter = { whitening: 0.005, normalisation: 0.02 }
/**
 * Smaller banks tried where nearly every drawn defect is seen, each only when the one before was as good. Elsewhere the proxy does not see
 * what a smaller bank forgets (magnetic tiles at 384 pixels: 1000 entries for 2000, proxies within 0.001, AUROC 0.854 for 0.879).
 */
const bankShares = [0.5]
const alikeBanks = 0.001

/** The graph of another family at these settings, its numbers of any value. */
export type GraphToTime = (settings: MemorySettings) => Uint8Array

/** @param toTime Where another family lets the memory choose: `targetImagesPerSecond` is asked of its graph, not of the memory's. */
export async function chooseScale (options: PatchMemoryOptions, backbone: Backbone, edge: number, images: readonly GoodImage[], work: FitWork, toTime?: GraphToTime): Promise<ScaleChoice> {
  const candidates = scaleCandidates(options, backbone, edge)
  const open = candidates.length > 1 || options.normalisation === 'auto' || options.whitening === 'auto' || options.bankSize === 'auto'
  if (!open && options.targetImagesPerSecond === 0) return { settings: candidates[0] as MemorySettings, trials: [] }
  const search = new ScaleSearch(options, backbone, images, work, toTime)
  const winner = await search.settle(await search.best(candidates))
  return { settings: winner.settings, trials: search.rows }
}

class ScaleSearch {
  readonly #options: PatchMemoryOptions
  readonly #backbone: Backbone
  readonly #work: FitWork
  readonly #teachers: readonly GoodImage[]
  readonly #drawn: readonly DrawnPicture[]
  readonly #toTime: GraphToTime | undefined
  readonly #trials: Trial[] = []

  constructor (options: PatchMemoryOptions, backbone: Backbone, images: readonly GoodImage[], work: FitWork, toTime?: GraphToTime) {
    const { kept, heldOut } = holdOut(images, { share: heldOutShare, atLeast: leastHeldOut }, work.random('trial'))
    this.#options = options
    this.#backbone = backbone
    this.#work = work
    this.#toTime = toTime
    this.#teachers = kept
    this.#drawn = drawnPictures(spread(heldOut, secondLook.judge), work.random('defects'))
  }

  get rows (): ScaleTrial[] {
    return this.#trials.map(({ row }) => row)
  }

  /** The best scale, with its best normalisation. @throws GOODPARTS_FIT_FAILED when none is fast enough. */
  async best (candidates: readonly MemorySettings[]): Promise<Trial> {
    const seesMore = this.#teachers.length > firstLook.learn || this.#drawn.length > firstLook.judge
    const shortlist = candidates.length > 1 && seesMore ? await this.#shortlist(candidates) : candidates
    const scale = this.#bestOf(await this.#look(shortlist, secondLook))
    let winner = scale
    for (const settings of settingVariants(this.#options, scale.settings)) {
      const variant = await this.#try(settings, secondLook, scale)
      const margin = clearlyBetter[settings.whitening === scale.settings.whitening ? 'normalisation' : 'whitening']
      if (!variant.left && variant.proxy > Math.max(scale.proxy + margin, winner.proxy)) winner = variant
    }
    return winner
  }

  /** The smallest bank that is as good. */
  async settle (winner: Trial): Promise<Trial> {
    if (this.#options.bankSize === 'auto' && winner.proxy >= allSeen) await winner.shrinkBank(bankShares, this.#drawn, alikeBanks, this.#work)
    for (const trial of this.#trials) trial.settle(winner)
    this.#work.showTrials(this.rows)
    return winner
  }

  #bestOf (trials: readonly Trial[]): Trial {
    const lead = Math.max(...trials.map(({ proxy }) => proxy))
    const level = trials.filter(({ proxy }) => proxy >= lead - near)
    const strides = level.map(({ stride }) => stride)
    const preferred = this.#teachers.length >= enoughForCoarse ? Math.max(...strides) : Math.min(...strides)
    const candidates = level.filter(({ stride }) => stride === preferred)
    return lead >= allSeen ? cheapestOfBest(candidates) : candidates.reduce((largest, trial) => trial.settings.size > largest.settings.size ? trial : largest)
  }

  async #shortlist (candidates: readonly MemorySettings[]): Promise<MemorySettings[]> {
    const trials = (await this.#look(candidates, firstLook)).sort((a, b) => b.proxy - a.proxy)
    const lead = trials[0]?.proxy ?? 0
    const leaders = trials.filter(isBestOfItsLayers)
    const level = trials.filter((trial) => leaders.some(({ settings, proxy }) => settings.layers === trial.settings.layers && trial.proxy >= proxy - nearAtFirstLook))
    const larger = lead >= allSeen ? [] : level.sort((a, b) => b.settings.size - a.settings.size)
    const inOrder = [...new Set([...leaders, ...larger, ...trials])]
    const chosen = inOrder.filter(({ proxy }) => proxy >= lead - clearlyBehind).slice(0, mostInSecondLook)
    for (const trial of trials) trial.leave(chosen.includes(trial) ? 'looked at again' : 'behind at the first look')
    return chosen.map(({ settings }) => settings)
  }

  /** Those that are fast enough. @throws GOODPARTS_FIT_FAILED when none is. */
  async #look (candidates: readonly MemorySettings[], look: typeof firstLook): Promise<Trial[]> {
    const trials: Trial[] = []
    for (const settings of candidates) trials.push(await this.#try(settings, look))
    const inTime = trials.filter(({ left }) => !left)
    if (inTime.length === 0) throw tooSlow(trials.map(({ imagesPerSecond }) => imagesPerSecond), this.#options.targetImagesPerSecond)
    return inTime
  }

  /** @param rival Left early when it is not ahead of this one after the first pictures. */
  async #try (settings: MemorySettings, { learn, judge }: typeof firstLook, rival: Trial | null = null): Promise<Trial> {
    const trial = new Trial(settings, { ...this.#options, backbone: this.#backbone })
    this.#trials.push(trial)
    this.#work.showTrials(this.rows)
    const target = this.#options.targetImagesPerSecond
    if (this.#toTime !== undefined && target > 0) {
      trial.timed(await imagesPerSecondOf(this.#toTime(settings), this.#teachers, this.#work), target)
      if (trial.left) return trial
    }
    await trial.learn(spread(this.#teachers, learn), this.#work)
    const first = rival === null ? judge : Math.min(judge, firstLook.judge)
    await trial.judge(this.#drawn.slice(0, first), this.#work, target)
    if (rival !== null && trial.proxy <= rival.proxyOf(first)) trial.leave('behind')
    if (!trial.left) await trial.judge(this.#drawn.slice(first, judge), this.#work, target)
    this.#work.showTrials(this.rows)
    return trial
  }
}

/** In a list that is best first. */
function isBestOfItsLayers (trial: Trial, _rank: number, trials: readonly Trial[]): boolean {
  return trials.find(({ settings }) => settings.layers === trial.settings.layers) === trial
}

/** The cheapest of those that are as good as the best. By arithmetic, not by the clock: the same seed must choose the same. */
function cheapestOfBest (trials: readonly Trial[]): Trial {
  const lead = Math.max(...trials.map(({ proxy }) => proxy))
  const equals = trials.filter(({ proxy }) => proxy >= lead - alike)
  return equals.reduce((cheapest, trial) => trial.cost < cheapest.cost ? trial : cheapest)
}
