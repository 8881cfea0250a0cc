/**
 * Greedy k-centre selection (Gonzalez 1985): start anywhere, then always take the point farthest from those taken. The covering
 * radius is at most twice the smallest possible. Points that cannot come nearer to the newest centre than they are to their own are
 * passed over by the triangle inequality, and a distance is left unfinished once it is too large to matter, which in principal components,
 * the largest first, is early.
 */
import { normal } from '../random.ts'
import type { Random } from '../random.ts'

export interface CoresetOptions {
  /** How many to take; fewer are taken when the rest are copies of what was taken. */
  count: number
  /** Index of the first, which is kept. */
  first: number
  /** Called between selections, every few of them; may throw to end it, may await to let others run. */
  pause?: (taken: number) => Promise<void> | void
}

/** Selections between two calls of `pause`. */
const selectionsPerPause = 16

/**
 * @param points `(n, width)` row-major.
 * @returns Distinct indices in the order taken: any prefix is the selection of that size.
 */
export async function greedyCoreset (points: Float32Array, width: number, { count, first, pause }: CoresetOptions): Promise<Uint32Array> {
  const n = points.length / width
  const size = Math.min(count, n)
  const taken = new Uint32Array(size)
  const nearestSquared = new Float32Array(n).fill(Infinity)
  const owner = new Uint32Array(n)
  const toNewest = new Float32Array(size)
  let newest = first
  for (let number = 0; number < size; number++) {
    if (number > 0 && !((nearestSquared[newest] as number) > 0)) return taken.slice(0, number)
    taken[number] = newest
    for (let other = 0; other < number; other++) toNewest[other] = squaredDistance(points, width, taken[other] as number, newest, Infinity)
    newest = admit(points, width, { number, newest, nearestSquared, owner, toNewest })
    if (pause !== undefined && number % selectionsPerPause === 0) await pause(number)
  }
  return taken
}

interface State {
  number: number
  newest: number
  nearestSquared: Float32Array
  owner: Uint32Array
  toNewest: Float32Array
}

/** Counts the newest centre in and returns the point that is now farthest. */
function admit (points: Float32Array, width: number, { number, newest, nearestSquared, owner, toNewest }: State): number {
  let farthest = 0
  let largest = -1
  for (let point = 0; point < nearestSquared.length; point++) {
    let nearest = nearestSquared[point] as number
    // d(p, new) >= d(centre, new) - d(p, centre) >= d(p, centre) when d(centre, new) >= 2 d(p, centre).
    if (number === 0 || (toNewest[owner[point] as number] as number) < 4 * nearest) {
      const distance = squaredDistance(points, width, point, newest, nearest)
      if (distance < nearest) {
        nearest = distance
        nearestSquared[point] = distance
        owner[point] = number
      }
    }
    if (nearest > largest) {
      largest = nearest
      farthest = point
    }
  }
  return farthest
}

/** Numbers between two looks at the limit. */
const stride = 8

/** Exact below `limit`; from there on any number that is no smaller. */
function squaredDistance (points: Float32Array, width: number, a: number, b: number, limit: number): number {
  let sum = 0
  let i = a * width
  let j = b * width
  const end = i + width
  while (i < end && sum < limit) {
    const pause = Math.min(i + stride, end)
    while (i < pause) {
      const difference = (points[i++] as number) - (points[j++] as number)
      sum += difference * difference
    }
  }
  return sum
}

/**
 * Distances survive a random Gaussian projection in expectation (Johnson and Lindenstrauss 1984): `(n, width)` to `(n, target)`,
 * entries N(0, 1 / target). Points that are narrow already are given back as they are.
 */
export function randomProjection (points: Float32Array, width: number, target: number, random: Random): { points: Float32Array, width: number } {
  if (width <= target) return { points, width }
  const matrix = Float32Array.from({ length: width * target }, () => normal(random) / Math.sqrt(target))
  const n = points.length / width
  const projected = new Float32Array(n * target)
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < width; i++) {
      const value = points[row * width + i] as number
      for (let column = 0; column < target; column++) {
        projected[row * target + column] = (projected[row * target + column] as number) + value * (matrix[i * target + column] as number)
      }
    }
  }
  return { points: projected, width: target }
}
