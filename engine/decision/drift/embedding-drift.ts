/**
 * Whether parts still look like those before. Their embeddings come in windows; each whole window is compared with parts before it by a kernel
 * two-sample test (`twoSampleTest`). While nothing changes, window and parts before are exchangeable, so that the permutation p-values of all windows are
 * independent of each other and no smaller than uniform ones: each is so given everything up to its window as a set, and the later ones depend on no more
 * of it than that set (Vovk, Gammerman, Shafer 2005, chapter 8, with windows for examples). That is what repeated looks are paid by: a martingale bets
 * against these p-values, and by Ville's inequality ever alarms with at most the promised probability, however often it looks. That holds while every
 * window joins the parts that later ones are compared with; beyond `remembered` it holds nearly: as far as these stand for all.
 *
 * Parts must come as they pass: good and rejected alike, in the reference as in the windows. Several products, told apart by name, are watched each by
 * its own parts, and share that probability.
 */
import { permutation, seededRandom, type Random } from '../../random.ts'
import { BettingMartingale } from './betting-martingale.ts'
import { twoSampleTest } from './two-sample-test.ts'

export interface EmbeddingDriftOptions {
  /** Probability that it ever alarms while nothing changes. */
  falseAlarmRate: number
  seed: number
  /** First parts of a product, which say what is usual. */
  reference: number
  /** Parts that are compared at a time. */
  window: number
  /** Of those before, drawn for each window. */
  compared: number
  /** That are remembered; when so many were seen, windows are compared with these alone. */
  remembered: number
  /** Of a window with those drawn; the smallest p-value is one in so many and one. */
  permutations: number
}

export const embeddingDriftDefaults = { reference: 64, window: 32, compared: 128, remembered: 2048, permutations: 9999 }

/** Products of one line that are watched; parts of others are left out. */
const mostProducts = 8

export interface EmbeddedPart {
  /** `null` where nothing is said of it. */
  product: string | null
  /** The line called it good. */
  isGood: boolean
  /** Of one length for all. */
  features: Float32Array
}

export interface WindowResult {
  pValue: number
  /** The bet has reached what alarms. */
  alarming: boolean
}

export class EmbeddingDrift {
  readonly #options: EmbeddingDriftOptions
  readonly #random: Random
  readonly #products = new Map<string | null, ProductWatch>()

  constructor (options: Partial<EmbeddingDriftOptions> & Pick<EmbeddingDriftOptions, 'falseAlarmRate' | 'seed'>) {
    this.#options = { ...embeddingDriftDefaults, ...options }
    this.#random = seededRandom(options.seed)
  }

  /** @returns what the window says that this part has filled, `null` while none is full. */
  observe ({ product, ...part }: EmbeddedPart): WindowResult | null {
    const place = this.#products.size + 1
    const known = this.#products.get(product) ?? (place > mostProducts ? null : new ProductWatch(this.#options, this.#random, this.#options.falseAlarmRate / (place * (place + 1))))
    if (known === null) return null
    this.#products.set(product, known)
    return known.observe(part)
  }
}

class ProductWatch {
  readonly #options: EmbeddingDriftOptions
  readonly #random: Random
  readonly #bets: BettingMartingale
  #before: Float32Array[] = []
  #goodBefore = 0
  #isUsualKnown = false
  #window: Float32Array[] = []

  constructor (options: EmbeddingDriftOptions, random: Random, falseAlarmRate: number) {
    this.#options = options
    this.#random = random
    this.#bets = new BettingMartingale(falseAlarmRate)
  }

  observe ({ isGood, features }: Omit<EmbeddedPart, 'product'>): WindowResult | null {
    if (!this.#isUsualKnown) {
      this.#beUsual(isGood, features)
      return null
    }
    this.#window.push(features)
    if (this.#window.length < this.#options.window) return null
    const { pValue } = twoSampleTest(this.#drawn(), this.#window, this.#random, this.#options.permutations)
    this.#bets.bet(pValue)
    if (this.#before.length + this.#window.length <= this.#options.remembered) this.#before.push(...this.#window)
    this.#window = []
    return { pValue, alarming: this.#bets.alarming }
  }

  /** A beginning of which most was not called good says nothing of what is usual: it begins anew. */
  #beUsual (isGood: boolean, features: Float32Array): void {
    this.#before.push(features)
    if (isGood) this.#goodBefore++
    if (this.#before.length < this.#options.reference) return
    this.#isUsualKnown = this.#goodBefore >= this.#before.length / 2
    this.#goodBefore = 0
    if (!this.#isUsualKnown) this.#before = []
  }

  #drawn (): Float32Array[] {
    const before = this.#before
    return [...permutation(before.length, this.#random).subarray(0, this.#options.compared)].map((index) => before[index] as Float32Array)
  }
}
