/** Explains a verdict by the detector's own map: a heatmap over the frame and the regions that reach the limit. Runs in the explanation thread. */
import { createHash } from 'node:crypto'
import type { Region } from '../../../schemas/inspection.ts'
import { findRegions, type Zone } from '../../decision/regions.ts'
import { encodeJpeg } from '../../frame/image-codec.ts'
import { overlayMap, type MapValues } from '../overlay.ts'

export interface ExplanationRequest {
  frame: { width: number, height: number, channels: 1 | 3, memory: SharedArrayBuffer }
  map: MapValues
  /** Score and limits of the verdict; `null` where it has none, then the map is stretched from its lowest to its highest value. */
  judged: { score: number, limits: { review: number, reject: number } } | null
  /** 0 to 1. */
  opacity: number
  /** JPEG quality 1 to 100. */
  quality: number
  zones?: readonly Zone[]
}

export interface ExplanationResult {
  jpeg: Uint8Array
  /** Of `jpeg`, in hex. */
  sha256: string
  regions: Region[]
  milliseconds: number
}

/** @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function explainByAnomalyMap ({ frame, map, judged, opacity, quality, zones = [] }: ExplanationRequest): Promise<ExplanationResult> {
  const start = performance.now()
  const { width, height, channels } = frame
  const picture = { data: new Uint8Array(frame.memory, 0, width * height * channels), width, height, channels }
  const scale = scaleOf(map, judged)
  const overlay = overlayMap(picture, map, { ...scale, opacity })
  const jpeg = await encodeJpeg({ ...overlay, pixels: () => overlay.data }, quality)
  return {
    jpeg,
    sha256: createHash('sha256').update(jpeg).digest('hex'),
    regions: findRegions(map, { limit: scale.outline, frame: { width, height }, zones }),
    milliseconds: performance.now() - start
  }
}

/**
 * Limits are in the unit of the score, and the score of a part is not exactly the highest value of its map (smoothing, reweighting). Both
 * are known for this part, so their ratio carries the limits over: a rejected part always has a region, a good one never. Colour means the
 * same as on the live page: more than the review limit.
 */
function scaleOf (map: MapValues, judged: ExplanationRequest['judged']): { range: { from: number, to: number }, outline: number } {
  const finite = map.values.filter(Number.isFinite)
  const peak = finite.reduce((most, value) => Math.max(most, value), -Infinity)
  const least = finite.reduce((fewest, value) => Math.min(fewest, value), Infinity)
  if (judged === null || !(judged.score > 0) || !(peak > 0)) return { range: { from: least, to: peak }, outline: Infinity }
  const ratio = peak / judged.score
  const review = judged.limits.review * ratio
  return { range: { from: review, to: 1.3 * judged.limits.reject * ratio }, outline: review }
}
