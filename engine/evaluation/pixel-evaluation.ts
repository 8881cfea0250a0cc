/** Pixel metrics over test pictures, whose ground truth is masks, else boxes. */
import type { EvaluationReport } from '../../schemas/evaluation.ts'
import type { ModelAnswer } from '../bundle/golden.ts'
import { decodeImage } from '../frame/image-codec.ts'
import { boxRegions, maskRegions, type GroundTruth } from './defect-regions.ts'
import { PixelMetrics } from './pixel-metrics.ts'
import { resampleMap } from '../frame/resample-map.ts'
import type { TestPicture } from './test-pictures.ts'

/** Larger pictures are compared with their ground truth at this longer edge. */
const largestEdge = 1024

export type PixelResults = Pick<EvaluationReport, 'pixelAuroc' | 'aupro30' | 'pixelAveragePrecision' | 'pixelGroundTruth'>

export class PixelEvaluation {
  readonly #metrics = new PixelMetrics()
  readonly #counts = { goodImages: 0, maskedImages: 0, boxedImages: 0, leftOut: 0 }

  /** Defective pictures without ground truth, or with an empty one, are left out: which of their pixels are good is not known. */
  async add (picture: TestPicture, answer: ModelAnswer): Promise<void> {
    const { width, height } = comparisonSize(picture.image)
    const truth = await groundTruthOf(picture, width, height)
    if (truth === null && !picture.entry.isGood) {
      this.#counts.leftOut++
      return
    }
    if (truth === null) this.#counts.goodImages++
    else if (picture.entry.mask !== null) this.#counts.maskedImages++
    else this.#counts.boxedImages++
    this.#metrics.add(resampleMap({ values: answer.map, height: answer.height, width: answer.width }, width, height), truth)
  }

  results (): PixelResults {
    const { regions } = this.#metrics.counts
    return {
      pixelAuroc: this.#metrics.auroc(),
      aupro30: this.#metrics.aupro(0.3),
      pixelAveragePrecision: this.#metrics.averagePrecision(),
      pixelGroundTruth: { ...this.#counts, regions }
    }
  }
}

/** `null` for good pictures, and for defective ones of which nothing is known. */
export async function groundTruthOf ({ entry, image }: Pick<TestPicture, 'entry' | 'image'>, width: number, height: number): Promise<GroundTruth | null> {
  if (entry.isGood) return null
  const truth = entry.mask !== null
    ? maskRegions(await decodeImage(entry.mask, { channels: 1 }), width, height)
    : boxRegions(entry.boxes, image, width, height)
  return truth.sizes.length > 1 ? truth : null
}

function comparisonSize ({ width, height }: { width: number, height: number }): { width: number, height: number } {
  const scale = Math.min(1, largestEdge / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}
