/** Explains a verdict by the detector's own map: a heatmap over the frame and the regions that reach the limit. Runs in the explanation thread. */
import { createHash } from 'node:crypto'
import type { Region } from '../../../schemas/inspection.ts'
import { mostShownRegions, paintedRange, type JudgedScore, type PaintedRange } from '../../../schemas/map-limits.ts'
import { findRegions, onlyHighest, type Zone } from '../../decision/regions.ts'
import { encodeJpegOnThisThread } from '../../frame/jpeg-on-this-thread.ts'
import { levelsOf } from '../map-levels.ts'
import type { MapValues } from '../map-rows.ts'
import { overlayMap } from '../overlay.ts'

export interface ExplanationRequest {
  frame: { width: number, height: number, channels: 1 | 3, memory: SharedArrayBuffer }
  map: MapValues
  /** Score and limits of the verdict; `null` where it has none, then colour begins in the middle of the map's own range. */
  judged: JudgedScore | null
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
  /** Of the map's values, float32, row-major, little-endian. */
  mapSha256: string
  regions: Region[]
  milliseconds: number
}

/** @throws GOODPARTS_DEPENDENCY_MISSING without sharp. */
export async function explainByAnomalyMap ({ frame, map, judged, opacity, quality, zones = [] }: ExplanationRequest): Promise<ExplanationResult> {
  const start = performance.now()
  const { width, height, channels } = frame
  const picture = { data: new Uint8Array(frame.memory, 0, width * height * channels), width, height, channels }
  const range = rangeOf(map, judged)
  const regions = findRegions(map, { limit: range.outline, frame: { width, height }, zones })
  const outlined = regions.length > mostShownRegions ? onlyHighest(map, { limit: range.outline, maximum: mostShownRegions }) : map.values
  const overlay = overlayMap(picture, map, { range, outline: range.outline, opacity, outlined })
  const jpeg = await encodeJpegOnThisThread(overlay, quality)
  return {
    jpeg,
    sha256: sha256(jpeg),
    mapSha256: sha256(new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength)),
    regions,
    milliseconds: performance.now() - start
  }
}

function sha256 (data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function rangeOf ({ values }: MapValues, judged: ExplanationRequest['judged']): PaintedRange {
  return paintedRange(levelsOf(values), judged)
}
