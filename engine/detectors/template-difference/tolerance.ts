/** What a pixel may differ from its template. */
import type { Templates } from './template-graph.ts'

export interface ToleranceOptions {
  height: number
  width: number
  /** Deviations of the good parts. */
  tolerance: number
  /** Grey levels in any case. */
  floor: number
  /** Radius in pixels: a pixel may be as bright as the brightest, and as dark as the darkest, that is tolerated so near. */
  neighbourhood: number
}

/** @param mean uint8 `(…, h, w)`, @param deviations float32 of the same shape. */
export function toleranceOf (mean: Uint8Array, deviations: Float32Array, { height, width, tolerance, floor, neighbourhood }: ToleranceOptions): Templates {
  const reach = (sign: 1 | -1): Uint8Array => {
    const edge = Float32Array.from(mean, (value, index) => sign * value + tolerance * (deviations[index] as number) + floor)
    const widest = localMaximum(edge, height, width, neighbourhood)
    return Uint8Array.from(mean, (value, index) => Math.min(255, Math.max(1, Math.round((widest[index] as number) - sign * value))))
  }
  return { mean, above: reach(1), below: reach(-1) }
}

/** The highest value in a square of `2 radius + 1`, of what is inside the plane; rows first, then columns. */
export function localMaximum (planes: Float32Array, height: number, width: number, radius: number): Float32Array {
  const along = (values: Float32Array, length: number, stride: number): Float32Array => values.map((_, index) => {
    const place = Math.floor(index / stride) % length
    let highest = -Infinity
    for (let step = Math.max(-radius, -place); step <= Math.min(radius, length - 1 - place); step++) highest = Math.max(highest, values[index + step * stride] as number)
    return highest
  })
  return radius === 0 ? planes : along(along(planes, width, 1), height, width)
}
