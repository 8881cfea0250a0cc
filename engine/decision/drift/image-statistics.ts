/**
 * What a picture says of the camera rather than of the part, from a few of its rows and columns: brightness, contrast, focus, colour, and how far
 * it has moved against another.
 */
import type { RawImage } from '../../frame/image-codec.ts'

export interface ImageStatistics {
  /** Mean grey level, 0 to 255. */
  brightness: number
  /** Deviation of grey levels. */
  contrast: number
  /** Mean square of the second difference along rows and columns over the variance: falls when the picture blurs. */
  focus: number
  /** Mean of red minus blue, -255 to 255; 0 for grey pictures. */
  colour: number
  /** Mean grey level along each column and each row that was looked at. */
  profiles: Profiles
}

export interface Profiles { columns: Float64Array, rows: Float64Array }

export interface MeasuredPicture extends ImageStatistics {
  /** Pixels from the reference's picture; NaN where that has another size. */
  shift: number
}

/** Rows, and as many columns, that are looked at. */
const lines = 48

export function imageStatistics (image: RawImage): ImageStatistics {
  const rows = evenly(image.height)
  const columns = evenly(image.width)
  const profiles = { columns: new Float64Array(image.width), rows: new Float64Array(image.height) }
  const sums = { grey: 0, squares: 0, second: 0, colour: 0, count: 0, seconds: 0 }
  for (const y of rows) {
    addLine(image, image.width, (x) => y * image.width + x, sums, (x, grey) => { profiles.columns[x] = (profiles.columns[x] as number) + grey / rows.length })
  }
  for (const x of columns) {
    addLine(image, image.height, (y) => y * image.width + x, sums, (y, grey) => { profiles.rows[y] = (profiles.rows[y] as number) + grey / columns.length })
  }
  const brightness = sums.grey / sums.count
  const variance = Math.max(0, sums.squares / sums.count - brightness ** 2)
  return { brightness, contrast: Math.sqrt(variance), focus: variance < 1 ? 0 : sums.second / Math.max(1, sums.seconds) / variance, colour: sums.colour / sums.count, profiles }
}

/** @param reference Of the picture that the shift is measured from; `null` = of this one. */
export function measurePicture (image: RawImage, reference: Profiles | null): MeasuredPicture {
  const statistics = imageStatistics(image)
  const { profiles } = statistics
  const from = reference ?? profiles
  return { ...statistics, shift: Math.hypot(profileShift(from.columns, profiles.columns), profileShift(from.rows, profiles.rows)) }
}

interface Sums { grey: number, squares: number, second: number, colour: number, count: number, seconds: number }

function addLine ({ data, channels }: RawImage, length: number, at: (index: number) => number, sums: Sums, profile: (index: number, grey: number) => void): void {
  let before = NaN
  let last = NaN
  for (let index = 0; index < length; index++) {
    const offset = at(index) * channels
    const red = data[offset] as number
    const blue = channels === 3 ? data[offset + 2] as number : red
    const grey = channels === 3 ? (red + (data[offset + 1] as number) + blue) / 3 : red
    sums.grey += grey
    sums.squares += grey * grey
    sums.colour += red - blue
    sums.count++
    if (index > 1) {
      sums.second += (before - 2 * last + grey) ** 2
      sums.seconds++
    }
    before = last
    last = grey
    profile(index, grey)
  }
}

function evenly (length: number): number[] {
  const count = Math.min(lines, length)
  return Array.from({ length: count }, (_, index) => Math.floor((index + 0.5) * length / count))
}

/** Longest movement that is looked for, of the profile's length. */
const mostShift = 0.05

/**
 * Pixels by which `profile` lies to the right of `reference` (below it, for rows): the best match of the two less their means, between pixels by
 * a parabola. Profiles of another length have no shift: NaN.
 */
export function profileShift (reference: Float64Array, profile: Float64Array): number {
  if (reference.length !== profile.length) return NaN
  const most = Math.max(2, Math.floor(mostShift * reference.length))
  const errors = Array.from({ length: 2 * most + 1 }, (_, index) => mismatch(reference, profile, index - most, most))
  const best = errors.indexOf(Math.min(...errors))
  const [before, at, after] = [errors[best - 1], errors[best] as number, errors[best + 1]]
  if (before === undefined || after === undefined) return best - most
  const bend = before - 2 * at + after
  return best - most + (bend === 0 ? 0 : 0.5 * (before - after) / bend)
}

function mismatch (reference: Float64Array, profile: Float64Array, shift: number, margin: number): number {
  const length = reference.length - 2 * margin
  let sum = 0
  let squares = 0
  for (let index = margin; index < margin + length; index++) {
    const difference = (profile[index + shift] as number) - (reference[index] as number)
    sum += difference
    squares += difference * difference
  }
  return squares / length - (sum / length) ** 2
}
