/**
 * SNNL-preserving selection. Numerator and denominator of SNNL are kernel mean embeddings; a memory that keeps each class's embedding keeps
 * the SNNL of every point. So per class the memory grows by the candidate that leaves the least squared maximum mean discrepancy between
 * class and memory: kernel herding (Chen, Welling, Smola 2010) in SNNL's own kernel.
 */
import { defaultTemperature } from '../snnl.ts'
import { dot, unit } from '../vectors.ts'
import { classBalancedPolicy } from './class-rounds.ts'
import type { ClassTask } from './class-rounds.ts'
import { lowestOf } from './herding.ts'
import type { Candidate, Choice } from './replay-policy.ts'

export const snnlPreserving = classBalancedPolicy('snnl-preserving', 'Those against which every part has the SNNL that it has against all the data', (task) => preserve(task))

function preserve ({ members, count }: ClassTask, temperature = defaultTemperature): Choice[] {
  const kernel = kernelMatrix(members, temperature)
  const n = members.length
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  /** `a_i`: mean of the kernel between i and the class. */
  const towardsClass = Float64Array.from({ length: n }, (_, i) => members.reduce((sum, { weight }, j) => sum + weight * (kernel[i * n + j] as number), 0) / total)
  /** `Σ_m k(i, m)` over those taken. */
  const towardsTaken = new Float64Array(n)
  const taken = new Set<number>()
  const choices: Choice[] = []
  while (choices.length < count) {
    const size = choices.length + 1
    // What does not depend on i is left out; k(i, i) = 1 is the same for all.
    const next = lowestOf(n, taken, (i) => 2 * (towardsTaken[i] as number) / (size * size) - 2 * (towardsClass[i] as number) / size)
    taken.add(next)
    for (let i = 0; i < n; i++) towardsTaken[i] = (towardsTaken[i] as number) + (kernel[next * n + i] as number)
    choices.push({ candidate: members[next] as Candidate, reason: `step ${size}: keeps SNNL as against all ${n} of its class` })
  }
  return choices
}

/** `exp(-(1 - cos) / T)`, `(n, n)` row-major. */
function kernelMatrix (members: ReadonlyArray<{ features: Float32Array }>, temperature: number): Float32Array {
  const n = members.length
  const directions = members.map(({ features }) => unit(features))
  const kernel = new Float32Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const value = Math.exp((dot(directions[i] as Float32Array, directions[j] as Float32Array) - 1) / temperature)
      kernel[i * n + j] = value
      kernel[j * n + i] = value
    }
  }
  return kernel
}
