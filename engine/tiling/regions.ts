/**
 * Regions of interest: which places of a picture a detector looks at. Written as the zones of an explanation are, but in shares of the picture,
 * so that they hold at any resolution. Pure.
 */
import type { JsonValue } from '../../schemas/bundle.ts'

/** Left, top, width and height. */
export type Box = [x: number, y: number, width: number, height: number]

/** All in shares of the picture's width and height, 0 to 1. */
export interface Region {
  name?: string
  box?: Box
  /** Corners `[x, y]`, three or more; the last is joined to the first. Used where there is no box. */
  polygon?: Array<[number, number]>
  /** Whether what lies inside is left out; default: it is looked at. */
  exclude?: boolean
}

export const wholePicture: Box = [0, 0, 1, 1]

const properties = new Set(['name', 'box', 'polygon', 'exclude'])

/** Whether it is a list of regions that leaves something to look at. */
export function areRegions (value: JsonValue): boolean {
  return Array.isArray(value) && value.every(isRegion) && inside(value as unknown as Region[])
}

/** Looked at is what lies in any region that is not excluded (everything, where there is none of them) and in no excluded one. */
export function isInside (regions: readonly Region[], x: number, y: number): boolean {
  const included = regions.filter(({ exclude }) => exclude !== true)
  return (included.length === 0 || included.some((region) => holds(region, x, y))) && !regions.some((region) => region.exclude === true && holds(region, x, y))
}

/** What holds every region that is not excluded. */
export function boundingBox (regions: readonly Region[]): Box {
  const boxes = regions.filter(({ exclude }) => exclude !== true).map(cornersOf)
  if (boxes.length === 0) return [...wholePicture]
  const corners = boxes.flat()
  const [xs, ys] = [corners.map(([x]) => clamp(x)), corners.map(([, y]) => clamp(y))]
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top]
}

/** Whether the bounding box alone says what is looked at. */
export function isOneBox (regions: readonly Region[]): boolean {
  return regions.length === 0 || (regions.length === 1 && regions[0]?.box !== undefined && regions[0].exclude !== true)
}

/** `(height, width)`: 1 where any of `samples²` points of the cell lies inside, else 0. */
export function regionMask (regions: readonly Region[], width: number, height: number, samples = 1): Uint8Array {
  const mask = new Uint8Array(width * height)
  const places = Array.from({ length: samples }, (_, index) => (index + 0.5) / samples)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      mask[row * width + column] = places.some((y) => places.some((x) => isInside(regions, (column + x) / width, (row + y) / height))) ? 1 : 0
    }
  }
  return mask
}

function isRegion (value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { name = '', box, polygon, exclude = false } = value
  if (!Object.keys(value).every((key) => properties.has(key)) || typeof name !== 'string' || typeof exclude !== 'boolean') return false
  if (box !== undefined) return polygon === undefined && isNumbers(box, 4) && (box[2] as number) > 0 && (box[3] as number) > 0
  return Array.isArray(polygon) && polygon.length >= 3 && polygon.every((corner) => isNumbers(corner, 2))
}

function isNumbers (value: JsonValue, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every((item) => typeof item === 'number' && item >= 0 && item <= 1)
}

/** Coarse: a hundredth of the picture must be left. */
function inside (regions: readonly Region[]): boolean {
  return regionMask(regions, 10, 10, 4).includes(1)
}

function holds (region: Region, x: number, y: number): boolean {
  if (region.box !== undefined) {
    const [left, top, width, height] = region.box
    return x >= left && x < left + width && y >= top && y < top + height
  }
  // Crossings of a ray to the left, by the even-odd rule.
  let isIn = false
  const corners = cornersOf(region)
  for (const [index, [x1, y1]] of corners.entries()) {
    const [x2, y2] = corners[(index + 1) % corners.length] as [number, number]
    if ((y1 > y) !== (y2 > y) && x > x1 + (y - y1) / (y2 - y1) * (x2 - x1)) isIn = !isIn
  }
  return isIn
}

function cornersOf ({ box, polygon = [] }: Region): Array<[number, number]> {
  if (box === undefined) return polygon
  const [left, top, width, height] = box
  return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
}

function clamp (share: number): number {
  return Math.min(1, Math.max(0, share))
}
