/** Which of a part's regions are shown, and where their frames are drawn. */
import type { Region } from '../schemas/inspection.ts'
import { mostShownRegions } from '../schemas/map-limits.ts'
import { formatScore } from './format.ts'
import { translate } from './texts.ts'

/** Those with the highest peaks, highest first, and how many are left out. */
export function strongest (regions: readonly Region[]): { shown: Region[], left: number } {
  const shown = [...regions].sort((a, b) => b.peak - a.peak).slice(0, mostShownRegions)
  return { shown, left: regions.length - shown.length }
}

/** One line for each that is shown. */
export function regionsText (regions: readonly Region[]): string {
  const { shown, left } = strongest(regions)
  const lines = shown.map(({ areaShare, peak, zone }) => `${zone === null ? '' : `${zone}: `}${translate('region', { share: (areaShare * 100).toFixed(2), peak: formatScore(peak) })}`)
  return [...lines, ...left === 0 ? [] : [translate('moreRegions', { count: left })]].join('\n')
}

interface Canvas { width: number, height: number }

/** `[x, y, width, height]` of a region's frame, a little around it but within the canvas: `line` is its width, `scale` the canvas' pixels for one of the picture's. */
export function frameOf ({ box: [x, y, width, height] }: Pick<Region, 'box'>, canvas: Canvas, { scale, line }: { scale: number, line: number }): [number, number, number, number] {
  const [left, right] = side(x * scale, (x + width) * scale, canvas.width, line)
  const [top, bottom] = side(y * scale, (y + height) * scale, canvas.height, line)
  return [left, top, right - left, bottom - top]
}

const MARGIN_PX = 2

function side (from: number, to: number, end: number, line: number): [number, number] {
  return [Math.max(line / 2, from - MARGIN_PX), Math.min(end - line / 2, to + MARGIN_PX)]
}
