/** What a network learns: named tensors, and how each begins. */
import { normal, seededRandom } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { Value } from '../../graph/graph.ts'

export type Initial =
  /** N(0, gain² / fanIn): He et al. 2015 with gain √2 for rectifiers; gain 1 for layers without one behind them. */
  | { readonly kind: 'normal', readonly fanIn: number, readonly gain: number }
  | { readonly kind: 'constant', readonly value: number }

export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: Initial
  /** What takes its place after a step, where no gradient changes it (running statistics). */
  readonly next?: Value
}

/** The numbers of every parameter by its name, row-major. */
export type Weights = Readonly<Record<string, Float32Array>>

export const rectifierGain = Math.SQRT2

/** Fresh weights. Each parameter draws from a stream of its own, so that adding one moves no other. */
export function initialWeights (parameters: readonly Parameter[], seed: number): Weights {
  return Object.fromEntries(parameters.map(({ name, shape, initial }) => [name, initialNumbers(sizeOf(shape), initial, seededRandom(seed ^ hashOf(name)))]))
}

export function sizeOf (shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function initialNumbers (count: number, initial: Initial, random: Random): Float32Array {
  if (initial.kind === 'constant') return new Float32Array(count).fill(initial.value)
  const deviation = initial.gain / Math.sqrt(initial.fanIn)
  return Float32Array.from({ length: count }, () => deviation * normal(random))
}

/** FNV-1a, 32 bits (Fowler, Noll and Vo). */
function hashOf (text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
