/** Minimum of a smooth convex function by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with backtracking (Armijo). */

export interface Evaluated {
  value: number
  gradient: Float64Array
}

/** Pairs of steps and changes of gradient that are remembered. */
const memory = 10
const sufficientDecrease = 1e-4
const shortestStep = 1e-12

export interface MinimiseOptions {
  /** Default 300. */
  steps?: number
  /** Largest entry of the gradient at the end, default 1e-7. */
  tolerance?: number
}

export function minimise (evaluate: (point: Float64Array) => Evaluated, start: Float64Array, { steps = 300, tolerance = 1e-7 }: MinimiseOptions = {}): Float64Array {
  let point = Float64Array.from(start)
  let here = evaluate(point)
  const pairs: Array<{ step: Float64Array, change: Float64Array, scale: number }> = []
  for (let count = 0; count < steps && largest(here.gradient) > tolerance; count++) {
    let direction = quasiNewtonDirection(here.gradient, pairs)
    let slope = dot(direction, here.gradient)
    if (!(slope < 0)) {
      pairs.length = 0
      direction = here.gradient.map((value) => -value)
      slope = dot(direction, here.gradient)
    }
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1
    let next = point
    let there = here
    do {
      const by = length
      next = point.map((value, i) => value + by * (direction[i] as number))
      there = evaluate(next)
      length /= 2
    } while (!(there.value <= here.value + 2 * length * sufficientDecrease * slope) && length > shortestStep)
    if (!(there.value < here.value)) break
    const [from, before, after] = [point, here, there]
    const step = next.map((value, i) => value - (from[i] as number))
    const change = after.gradient.map((value, i) => value - (before.gradient[i] as number))
    const curvature = dot(step, change)
    if (curvature > 0) pairs.push({ step, change, scale: 1 / curvature })
    if (pairs.length > memory) pairs.shift()
    point = next
    here = there
  }
  return point
}

/** The two-loop recursion. */
function quasiNewtonDirection (gradient: Float64Array, pairs: ReadonlyArray<{ step: Float64Array, change: Float64Array, scale: number }>): Float64Array {
  const direction = gradient.map((value) => -value)
  const weights = pairs.map(() => 0)
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, scale } = pairs[i] as typeof pairs[number]
    const weight = scale * dot(step, direction)
    weights[i] = weight
    addTo(direction, change, -weight)
  }
  const last = pairs.at(-1)
  if (last !== undefined) {
    const shrink = 1 / (last.scale * dot(last.change, last.change))
    direction.forEach((value, i) => { direction[i] = value * shrink })
  }
  pairs.forEach(({ step, change, scale }, i) => { addTo(direction, step, (weights[i] ?? 0) - scale * dot(change, direction)) })
  return direction
}

function dot (a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function addTo (target: Float64Array, other: Float64Array, weight: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + weight * (other[i] as number)
}

function largest (values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
