/** One way of making the memory, learnt from some good parts and judged by others. */
import type { ScaleTrial } from '../../../schemas/bundle.ts'
import { auroc } from '../../auroc.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { picturesOf } from '../drawn-pictures.ts'
import type { DrawnPicture } from '../drawn-pictures.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import { learnMemory } from './memory.ts'
import type { Memory, MemorySettings } from './memory.ts'
import { Scorer } from '../scorer.ts'
import { slowerThan } from '../speed.ts'
import { scoringModel } from './scoring-model.ts'
import type { ScoringDetails } from './scoring-model.ts'

/** Pictures after which a choice that is too slow is left. */
const picturesToTime = 3

/** Of EfficientNet-Lite0's first ten blocks, roughly. */
const multiplicationsPerPixel = 5000

export class Trial {
  settings: MemorySettings
  left = false
  imagesPerSecond = 0
  readonly #details: ScoringDetails
  #memory: Memory | null = null
  #good: number[] = []
  #drawn: number[] = []
  #outcome = 'running'
  #chosen = false
  /** By another graph, once and for all. */
  #isTimed = false

  constructor (settings: MemorySettings, details: ScoringDetails) {
    this.settings = settings
    this.#details = details
  }

  async learn (images: readonly GoodImage[], work: FitWork): Promise<void> {
    const heard = work.under(`trying ${this.settings.size} ${this.settings.layers}`)
    this.#memory = await learnMemory(this.#details.backbone, this.settings, images, heard)
  }

  /** Its speed is that of another graph. */
  timed (imagesPerSecond: number, target: number): void {
    this.imagesPerSecond = imagesPerSecond
    this.#isTimed = true
    if (imagesPerSecond < target) this.leave(slowerThan(target))
  }

  /** Adds pictures to what it is judged by. @param target Images per second that it must reach; 0 for any. */
  async judge (pictures: readonly DrawnPicture[], work: FitWork, target: number): Promise<void> {
    if (pictures.length === 0) return
    const limit = this.#isTimed ? 0 : target
    const result = await this.#score(this.settings.entries, pictures, work, limit)
    if (!this.#isTimed) this.imagesPerSecond = result.imagesPerSecond
    this.#good.push(...result.good)
    this.#drawn.push(...result.drawn)
    if (limit > 0 && result.imagesPerSecond < limit) this.leave(slowerThan(limit))
    else this.#outcome = 'judged'
  }

  /** Takes the smallest bank that is as good as the full one. */
  async shrinkBank (shares: readonly number[], pictures: readonly DrawnPicture[], alike: number, work: FitWork): Promise<void> {
    const full = this.settings.entries
    for (const entries of shares.map((share) => Math.round(share * full)).filter((count) => count >= 1)) {
      const result = await this.#score(entries, pictures, work, 0)
      const proxy = auroc(result.good, result.drawn) ?? 0
      if (proxy < this.proxy - alike) return
      this.settings = { ...this.settings, entries }
      this.#good = result.good
      this.#drawn = result.drawn
      if (!this.#isTimed) this.imagesPerSecond = result.imagesPerSecond
    }
  }

  leave (outcome: string): void {
    this.left = true
    this.#outcome = outcome
  }

  /** Says how it ended, once the winner is known. */
  settle (winner: Trial): void {
    this.#chosen = this === winner
    if (this.#chosen) this.#outcome = 'chosen'
    else if (!this.left) this.#outcome = 'behind'
  }

  get proxy (): number {
    return this.proxyOf(this.#good.length)
  }

  /** By the first `pictures` only. */
  proxyOf (pictures: number): number {
    const drawnOnEach = this.#drawn.length / this.#good.length
    return auroc(this.#good.slice(0, pictures), this.#drawn.slice(0, pictures * drawnOnEach)) ?? 0
  }

  /** Pixels per position of the features. */
  get stride (): number {
    const { size } = this.settings
    return size / featureGeometry({ ...this.settings, backbone: this.#details.backbone }).grid
  }

  /** Multiplications for one picture: the backbone's, which go by its pixels, and the distance's. */
  get cost (): number {
    const { size, components, entries } = this.settings
    const { grid } = featureGeometry({ ...this.settings, backbone: this.#details.backbone })
    return multiplicationsPerPixel * size * size + grid * grid * components * entries
  }

  get row (): ScaleTrial {
    const { layers, size, ...settings } = this.settings
    const judged = this.#good.length > 0
    return { layers, size, settings, proxyAuroc: judged ? this.proxy : null, imagesPerSecond: judged || this.#isTimed ? this.imagesPerSecond : null, outcome: this.#outcome, chosen: this.#chosen }
  }

  async #score (entries: number, pictures: readonly DrawnPicture[], work: FitWork, target: number): Promise<{ good: number[], drawn: number[], imagesPerSecond: number }> {
    const memory = this.#memory
    if (memory === null) throw new Error('judged before it has learnt')
    const heard = work.under(`judging ${this.settings.size} ${this.settings.layers}`)
    const scorer = await Scorer.open(scoringModel(memory, entries, this.#details), work.threads)
    const good: number[] = []
    const drawn: number[] = []
    try {
      for (const [index, picture] of pictures.entries()) {
        await heard.step('scores', index, pictures.length)
        let list = good
        for await (const image of picturesOf(picture, work.pool)) {
          list.push(await scorer.score(image))
          list = drawn
        }
        if (target > 0 && index + 1 === picturesToTime && (scorer.imagesPerSecond ?? 0) < target) break
      }
      return { good, drawn, imagesPerSecond: scorer.imagesPerSecond ?? this.imagesPerSecond }
    } finally {
      await scorer.close()
    }
  }
}
