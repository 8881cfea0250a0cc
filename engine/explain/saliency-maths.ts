/** Arithmetic on maps `(h, w)`, row-major. */

/** Scaled to [0, 1], in a new array; `null` for a map that is constant or holds a value that is no number. */
export function stretched (values: Float32Array): Float32Array | null {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) return null
    if (value < least) least = value
    if (value > most) most = value
  }
  const range = most - least
  if (!(range > 1e-6 * Math.max(Math.abs(least), Math.abs(most), 1e-6))) return null
  return values.map((value) => Math.min(1, (value - least) / range))
}

/** Three box filters in each direction, close to a Gaussian of `sigma` cells; `planes` interleaved values for each cell; borders continued. */
export function blurred (values: Float32Array, width: number, height: number, planes: number, sigma: number): Float32Array {
  const radius = Math.max(1, Math.round(Math.sqrt(sigma * sigma + 0.25) - 0.5))
  let current = values
  for (let round = 0; round < 3; round++) {
    current = boxFiltered(current, { lines: height, length: width, lineStep: width * planes, step: planes, planes, radius })
    current = boxFiltered(current, { lines: width, length: height, lineStep: planes, step: width * planes, planes, radius })
  }
  return current
}

interface Lines { lines: number, length: number, lineStep: number, step: number, planes: number, radius: number }

function boxFiltered (values: Float32Array, { lines, length, lineStep, step, planes, radius }: Lines): Float32Array {
  const result = new Float32Array(values.length)
  const share = 1 / (2 * radius + 1)
  for (let line = 0; line < lines; line++) {
    for (let plane = 0; plane < planes; plane++) {
      const start = line * lineStep + plane
      const at = (index: number): number => values[start + Math.min(length - 1, Math.max(0, index)) * step] as number
      let sum = 0
      for (let index = -radius; index <= radius; index++) sum += at(index)
      for (let index = 0; index < length; index++) {
        result[start + index * step] = sum * share
        sum += at(index + radius + 1) - at(index - radius)
      }
    }
  }
  return result
}
