/** How well a map in [0, 1] agrees with where the defect is. `truth` is `(H, W)` as the map is, non-zero = defective, neither empty nor full. */
import type { MapValues } from '../map-rows.ts'
import { otsuThreshold } from '../otsu.ts'

export interface Agreement {
  /** Share of the picture that is defective: what every figure below must be read against. */
  areaShare: number
  /** Energy-based pointing game (Wang et al. 2020): share of the map's energy inside; a uniform map gets `areaShare`. */
  ebpg: number
  /** Mean absolute difference from the truth; an all-zero map gets `areaShare`, a map of ones `1 - areaShare`. */
  maskL1: number
  /** Pointing game (Zhang et al. 2018): 1 where the highest value lies within the tolerance of the defect, a share where several are highest. */
  pointingGame: number
  /** Of the N highest pixels, N being the defect's size, the share inside (Schulz et al. 2020, "Bbox"). */
  bbox: number
  /** Intersection over union of the truth and the map above Otsu's threshold. */
  iouOtsu: number
  /** The same with the 20 % highest pixels. */
  iouTop20: number
}

/** Pixels, as in TorchRay. */
const pointingTolerance = 15

export function agreement (map: MapValues, truth: ArrayLike<number>, tolerance = pointingTolerance): Agreement {
  const { values, width } = map
  let [inside, energy, difference, defective] = [0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const bad = truth[i] !== 0
    energy += value
    difference += Math.abs(value - (bad ? 1 : 0))
    if (!bad) continue
    inside += value
    defective++
  }
  const threshold = otsuThreshold(values)
  return {
    areaShare: defective / values.length,
    ebpg: energy > 0 ? inside / energy : 0,
    maskL1: difference / values.length,
    pointingGame: energy > 0 ? pointing(values, truth, width, tolerance) : 0,
    bbox: energy > 0 ? insideOfTop(values, truth, defective) / defective : 0,
    iouOtsu: threshold === null ? 0 : intersectionOverUnion(values, truth, threshold),
    iouTop20: energy > 0 ? iouOfTop(values, truth, 0.2, defective) : 0
  }
}

function pointing (values: Float32Array, truth: ArrayLike<number>, width: number, tolerance: number): number {
  const highest = values.reduce((most, value) => Math.max(most, value), 0)
  let [hits, all] = [0, 0]
  values.forEach((value, index) => {
    if (value !== highest) return
    all++
    if (isNear(index % width, Math.floor(index / width), truth, width, tolerance)) hits++
  })
  return hits / all
}

function isNear (x: number, y: number, truth: ArrayLike<number>, width: number, tolerance: number): boolean {
  const height = truth.length / width
  const reach = Math.floor(tolerance)
  for (let dy = Math.max(-reach, -y); dy <= Math.min(reach, height - 1 - y); dy++) {
    for (let dx = Math.max(-reach, -x); dx <= Math.min(reach, width - 1 - x); dx++) {
      if (dx * dx + dy * dy <= tolerance * tolerance && truth[(y + dy) * width + x + dx] !== 0) return true
    }
  }
  return false
}

/** Of the `count` highest pixels, how many are inside; pixels as high as the last one count in part. */
function insideOfTop (values: Float32Array, truth: ArrayLike<number>, count: number): number {
  const limit = values.toSorted()[values.length - count] as number
  let [above, aboveInside, tied, tiedInside] = [0, 0, 0, 0]
  values.forEach((value, index) => {
    if (value < limit) return
    const bad = truth[index] !== 0 ? 1 : 0
    if (value > limit) { above++; aboveInside += bad } else { tied++; tiedInside += bad }
  })
  return aboveInside + tiedInside * (count - above) / tied
}

function iouOfTop (values: Float32Array, truth: ArrayLike<number>, share: number, defective: number): number {
  const count = Math.max(1, Math.round(share * values.length))
  const inside = insideOfTop(values, truth, count)
  return inside / (count + defective - inside)
}

function intersectionOverUnion (values: Float32Array, truth: ArrayLike<number>, threshold: number): number {
  let [both, either] = [0, 0]
  values.forEach((value, index) => {
    const [shown, bad] = [value >= threshold, truth[index] !== 0]
    if (shown && bad) both++
    if (shown || bad) either++
  })
  return either === 0 ? 0 : both / either
}
