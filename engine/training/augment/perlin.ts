/** Smooth random fields (Perlin 1985), as DRAEM (Zavrtanik et al. 2021, § 3.3) shapes defects with them. */
import type { Random } from '../../random.ts'

/** Noise of about -1 … 1, `(height, width)`, with `cellsX` by `cellsY` cells over the field. */
export function perlinNoise (width: number, height: number, { cellsX, cellsY }: { cellsX: number, cellsY: number }, random: Random): Float32Array {
  const columns = cellsX + 1
  const slopes = Float64Array.from({ length: columns * (cellsY + 1) }, () => 2 * Math.PI * random())
  const field = new Float32Array(width * height)
  for (let row = 0; row < height; row++) {
    const y = row * cellsY / height
    const cellY = Math.floor(y)
    for (let column = 0; column < width; column++) {
      const x = column * cellsX / width
      const cellX = Math.floor(x)
      const ramp = (cornerX: number, cornerY: number): number => {
        const angle = slopes[(cellY + cornerY) * columns + cellX + cornerX] as number
        return Math.cos(angle) * (x - cellX - cornerX) + Math.sin(angle) * (y - cellY - cornerY)
      }
      const [alongX, alongY] = [faded(x - cellX), faded(y - cellY)]
      const top = ramp(0, 0) + alongX * (ramp(1, 0) - ramp(0, 0))
      const bottom = ramp(0, 1) + alongX * (ramp(1, 1) - ramp(0, 1))
      field[row * width + column] = Math.SQRT2 * (top + alongY * (bottom - top))
    }
  }
  return field
}

/** Perlin's smoother step: slope and curvature vanish at both ends. */
function faded (t: number): number {
  return t * t * t * (t * (6 * t - 15) + 10)
}

export interface MaskSettings {
  /** Cells along each axis are 2^0 … 2^mostOctave. */
  mostOctave: number
  /** The field's values above it belong to the mask. */
  threshold: number
}

/** 1 where a field of random coarseness is above the threshold, `(height, width)`; may be empty. */
export function perlinMask (width: number, height: number, { mostOctave, threshold }: MaskSettings, random: Random): Uint8Array {
  const cells = (size: number): number => Math.min(size, 2 ** Math.floor((mostOctave + 1) * random()))
  const field = perlinNoise(width, height, { cellsX: cells(width), cellsY: cells(height) }, random)
  return Uint8Array.from(field, (value) => value > threshold ? 1 : 0)
}
