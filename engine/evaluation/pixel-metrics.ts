/**
 * Metrics over all pixels of all test images, in one pass and bounded memory: pixels are counted by the leading 23 bits of their float32 score
 * (sign, exponent, 14 bits of mantissa), so scores that differ by less than 1 part in 16,384 count as ties.
 */
import type { GroundTruth } from './defect-regions.ts'

const mantissaBits = 14
const binsPerPage = 1 << mantissaBits

/** Pixels whose scores share sign and exponent. */
interface Page {
  good: Float64Array
  defect: Float64Array
  /** Σ 1 / (size of the region) over its defective pixels. */
  regionShare: Float64Array
}

export class PixelMetrics {
  readonly #pages = new Map<number, Page>()
  readonly #bits = new Uint32Array(1)
  readonly #float = new Float32Array(this.#bits.buffer)
  #good = 0
  #defect = 0
  #regions = 0

  /** One image: its map `(height, width)` at the size of its ground truth; `truth` null = a good part, every pixel good. */
  add (scores: Float32Array, truth: GroundTruth | null): void {
    if (truth !== null) this.#regions += truth.sizes.length - 1
    let defective = 0
    for (let pixel = 0; pixel < scores.length; pixel++) {
      const region = truth === null ? 0 : truth.labels[pixel] as number
      const key = this.#orderedKey(scores[pixel] as number)
      const page = this.#page(key >>> mantissaBits)
      const bin = key & (binsPerPage - 1)
      if (region === 0) page.good[bin] = (page.good[bin] as number) + 1
      else {
        defective++
        page.defect[bin] = (page.defect[bin] as number) + 1
        page.regionShare[bin] = (page.regionShare[bin] as number) + 1 / (truth?.sizes[region] as number)
      }
    }
    this.#good += scores.length - defective
    this.#defect += defective
  }

  /** Pixel AUROC: P(defective pixel > good pixel) + ½ P(equal). `null` where a side is empty. */
  auroc (): number | null {
    if (this.#good === 0 || this.#defect === 0) return null
    let [defectAbove, won] = [0, 0]
    for (const { good, defect } of this.#descending()) {
      won += good * (defectAbove + defect / 2)
      defectAbove += defect
    }
    return won / this.#good / this.#defect
  }

  /** Area under precision and recall of pixels, without interpolation. `null` without a defective pixel. */
  averagePrecision (): number | null {
    if (this.#defect === 0) return null
    let [called, hit, area] = [0, 0, 0]
    for (const { good, defect } of this.#descending()) {
      hit += defect
      called += good + defect
      area += defect / this.#defect * hit / called
    }
    return area
  }

  /**
   * Area under the per-region overlap curve up to a false positive rate, divided by that rate (Bergmann et al., MVTec AD, 2021): each defective
   * region weighs the same however large; the last step is cut by linear interpolation. `null` where a side is empty.
   */
  aupro (limit = 0.3): number | null {
    if (this.#good === 0 || this.#regions === 0) return null
    let [rate, overlap, area] = [0, 0, 0]
    for (const { good, regionShare } of this.#descending()) {
      const nextRate = rate + good / this.#good
      const nextOverlap = overlap + regionShare / this.#regions
      if (nextRate >= limit) {
        const share = nextRate === rate ? 0 : (limit - rate) / (nextRate - rate)
        return (area + (limit - rate) * (overlap + share * (nextOverlap - overlap) / 2)) / limit
      }
      area += (nextRate - rate) * (overlap + nextOverlap) / 2
      rate = nextRate
      overlap = nextOverlap
    }
    return (area + (limit - rate) * overlap) / limit
  }

  get counts (): { goodPixels: number, defectPixels: number, regions: number } {
    return { goodPixels: this.#good, defectPixels: this.#defect, regions: this.#regions }
  }

  * #descending (): Generator<{ good: number, defect: number, regionShare: number }> {
    for (const [, page] of [...this.#pages].sort(([a], [b]) => b - a)) {
      for (let bin = binsPerPage - 1; bin >= 0; bin--) {
        const [good, defect] = [page.good[bin] as number, page.defect[bin] as number]
        if (good + defect > 0) yield { good, defect, regionShare: page.regionShare[bin] as number }
      }
    }
  }

  #page (number: number): Page {
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = { good: new Float64Array(binsPerPage), defect: new Float64Array(binsPerPage), regionShare: new Float64Array(binsPerPage) }
      this.#pages.set(number, page)
    }
    return page
  }

  /** The leading bits of a float32, flipped so that their unsigned order is that of the numbers (−0 and 0 are one). */
  #orderedKey (score: number): number {
    this.#float[0] = score + 0
    const bits = this.#bits[0] as number
    return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> (32 - 9 - mantissaBits)
  }
}
