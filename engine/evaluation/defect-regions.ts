/** Ground truth of one picture as regions: which pixel belongs to which defect. */
import type { RawImage } from '../frame/image-codec.ts'
import type { DefectBox } from './dataset-entry.ts'

export interface GroundTruth {
  width: number
  height: number
  /** `(height, width)`: 0 = good, otherwise the number of the region, from 1. */
  labels: Int32Array
  /** Pixels of each region; index 0 stays 0. */
  sizes: number[]
}

/** A mask's value above which a pixel is defective. */
export const maskLimit = 127

/** A mask resized to the picture by its nearest pixel, then binarised (above 127), then split into regions of eight neighbours. */
export function maskRegions (mask: RawImage, width: number, height: number): GroundTruth {
  const defective = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y + 0.5) * mask.height / height) * mask.width
    for (let x = 0; x < width; x++) {
      const pixel = (row + Math.floor((x + 0.5) * mask.width / width)) * mask.channels
      defective[y * width + x] = (mask.data[pixel] as number) > maskLimit ? 1 : 0
    }
  }
  return labelRegions(defective, width, height)
}

/** Boxes of a `picture` filled in on a grid of `width` x `height`: each covers at least one cell; overlapping ones become one region. */
export function boxRegions (boxes: readonly DefectBox[], picture: { width: number, height: number }, width: number, height: number): GroundTruth {
  const defective = new Uint8Array(width * height)
  for (const { x1, y1, x2, y2 } of boxes) {
    const [left, right] = span(x1, x2, width / picture.width, width)
    const [top, bottom] = span(y1, y2, height / picture.height, height)
    for (let y = top; y < bottom; y++) defective.fill(1, y * width + left, y * width + right)
  }
  return labelRegions(defective, width, height)
}

function span (from: number, to: number, scale: number, limit: number): [number, number] {
  const start = Math.min(limit - 1, Math.max(0, Math.round(from * scale)))
  return [start, Math.min(limit, Math.max(start + 1, Math.round(to * scale)))]
}

/** Connected components with eight neighbours. `defective` is `(height, width)`, non-zero = defective. */
export function labelRegions (defective: Uint8Array, width: number, height: number): GroundTruth {
  const labels = new Int32Array(defective.length)
  const sizes = [0]
  for (let start = 0; start < defective.length; start++) {
    if (defective[start] === 0 || labels[start] !== 0) continue
    const label = sizes.length
    const open = [start]
    labels[start] = label
    let size = 0
    for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
      size++
      const [x, y] = [pixel % width, Math.floor(pixel / width)]
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx
          if (defective[neighbour] === 0 || labels[neighbour] !== 0) continue
          labels[neighbour] = label
          open.push(neighbour)
        }
      }
    }
    sizes.push(size)
  }
  return { width, height, labels, sizes }
}
