/** Seeded surfaces: belt rubber, brushed metal, sensor noise, lamp light. Grey values are floats around 0 unless stated. */
import { normal, seededRandom, type Random } from '../../random.ts'

/** A random stream of its own for each `(seed, purpose, index)`, so that one more draw in one place changes nothing elsewhere. */
export function stream (seed: number, purpose: number, index = 0): Random {
  return seededRandom(Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35))
}

/** A grey texture that repeats in both directions. */
export interface Texture {
  width: number
  height: number
  /** `(height, width)`. */
  values: Float32Array
}

/** Smoothed white noise: a moving average over `spanX` by `spanY` pixels that wraps around, scaled to deviation 1. */
function smoothNoise (width: number, height: number, span: { x: number, y: number }, random: Random): Texture {
  const noise = Float32Array.from({ length: width * height }, () => normal(random))
  const acrossRows = averageWrapped(noise, { lines: height, length: width, lineStep: width, step: 1 }, span.x)
  const values = averageWrapped(acrossRows, { lines: width, length: height, lineStep: 1, step: width }, span.y)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  return { width, height, values: values.map((value) => value / deviation) }
}

function averageWrapped (from: Float32Array, walk: { lines: number, length: number, lineStep: number, step: number }, span: number): Float32Array {
  const to = new Float32Array(from.length)
  const size = Math.max(1, Math.min(Math.round(span), walk.length))
  for (let line = 0; line < walk.lines; line++) {
    const start = line * walk.lineStep
    const at = (i: number): number => from[start + (i % walk.length) * walk.step] as number
    let sum = 0
    for (let i = 0; i < size; i++) sum += at(i)
    for (let i = 0; i < walk.length; i++) {
      to[start + i * walk.step] = sum / size
      sum += at(i + size) - at(i)
    }
  }
  return to
}

/** Belt `(height, width, 3)` uint8: woven rubber with grime, repeating along x. `unit` is the size of one pixel at 480 lines. */
export function beltPixels (width: number, height: number, unit: number, random: Random): Uint8ClampedArray {
  const grain = smoothNoise(width, height, { x: 2 * unit, y: 2 * unit }, random)
  const grime = smoothNoise(width, height, { x: 60 * unit, y: 18 * unit }, random)
  const pixels = new Uint8ClampedArray(width * height * 3)
  const ribs = Math.max(1, Math.round(width / (14 * unit)))
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const weave = Math.sin(2 * Math.PI * (ribs * x / width + y / (14 * unit))) * Math.sin(2 * Math.PI * (ribs * x / width - y / (14 * unit)))
      const shade = 52 + 5 * weave + 3.5 * (grain.values[p] as number) + 3 * (grime.values[p] as number)
      pixels[3 * p] = shade * 0.92
      pixels[3 * p + 1] = shade
      pixels[3 * p + 2] = shade * 1.06
    }
  }
  return pixels
}

/** Brushed metal, deviation 1: long strokes along x over short ones. */
export function brushedMetal (width: number, height: number, unit: number, random: Random): Texture {
  const long = smoothNoise(width, height, { x: 90 * unit, y: 1 }, random)
  const short = smoothNoise(width, height, { x: 9 * unit, y: 1 }, random)
  const uneven = smoothNoise(width, height, { x: 70 * unit, y: 50 * unit }, random)
  return { width, height, values: long.values.map((value, i) => (0.6 * value + 0.4 * (short.values[i] as number) + 0.5 * (uneven.values[i] as number)) / 0.88) }
}

/** Sensor noise, 2^20 values of deviation `deviation`, for reading from any offset. */
export function sensorNoise (deviation: number, random: Random): Int8Array {
  return Int8Array.from({ length: 1 << 20 }, () => Math.round(normal(random) * deviation))
}

/** Light of a lamp above the middle, `(height, width)` in 1/256 of full light. */
export function lampLight (width: number, height: number): Uint16Array {
  const light = new Uint16Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x / width - 0.47
      const dy = y / height - 0.42
      light[y * width + x] = Math.round(256 * (1.04 - 0.62 * (dx * dx + 0.8 * dy * dy)))
    }
  }
  return light
}
