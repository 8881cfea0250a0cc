/** From the detector's map to coloured pixels, all in the browser: the sliders move nothing on the server. */
import type { InspectionRecord } from '../schemas/inspection.ts'
import type { QuantisedMapHeader } from '../schemas/live.ts'
import { heatColour } from '../schemas/heat-colours.ts'
import { paintedRange } from '../schemas/map-limits.ts'

export interface HeatmapSettings {
  visible: boolean
  /** 0 to 1. */
  opacity: number
  /** Share of the review limit from which the map is painted; 1 = the limit itself. */
  threshold: number
}

/**
 * RGBA `(h, w, 4)` of a map. Its peak counts as the part's score, so what is painted is what lies above the review limit. Without limits the threshold is a share of the map's own range.
 */
export function paintMap (map: QuantisedMapHeader, cells: Uint8Array, record: InspectionRecord | null, settings: HeatmapSettings): Uint8ClampedArray<ArrayBuffer> {
  const judged = record?.limits == null || record.score === null ? null : { score: record.score, limits: record.limits }
  const { from: start, to: full } = paintedRange({ ...map, median: medianOf(map, cells) }, judged, settings.threshold)
  const table = new Uint8ClampedArray(256 * 4)
  for (let level = 0; level < 256; level++) {
    const value = map.minimum + (map.maximum - map.minimum) * level / 255
    if (value <= start) continue
    const share = full > start ? Math.min(1, (value - start) / (full - start)) : 1
    const [red, green, blue] = heatColour(share)
    table.set([red, green, blue, 255 * settings.opacity * Math.min(1, 0.35 + share * 2.5)], level * 4)
  }
  const pixels = new Uint8ClampedArray(cells.length * 4)
  for (let i = 0; i < cells.length; i++) {
    const level = (cells[i] as number) * 4
    for (let channel = 0; channel < 4; channel++) pixels[i * 4 + channel] = table[level + channel] as number
  }
  return pixels
}

function medianOf ({ minimum, maximum }: QuantisedMapHeader, cells: Uint8Array): number {
  return minimum + (maximum - minimum) * (cells.slice().sort()[cells.length >> 1] ?? 0) / 255
}
