/** Layer-wise adaptive rate scaling for large batches (You, Gitman and Ginsburg 2017, algorithm 1). */
import { arithmetic } from './optimiser.ts'
import type { Optimiser } from './optimiser.ts'

export interface LarsOptions {
  /** Default 0.9. */
  momentum?: number
  /** Default 1e-6. */
  weightDecay?: number
  /** The paper's eta, default 0.001. */
  trust?: number
}

/**
 * `v = m v + lr l (g + wd w)`, `w = w - v`, with `l = eta |w| / (|g| + wd |w|)` per tensor, and `l = 1` where either norm is 0 or the tensor is
 * not decayed (biases and normalisation).
 */
export function lars ({ momentum = 0.9, weightDecay = 1e-6, trust = 0.001 }: LarsOptions = {}): Optimiser {
  return {
    moments: ['momentum'],
    update (builder, { parameter, gradient, moments, learningRate, decayed }) {
      const { add, sub, mul, div } = arithmetic(builder)
      const norm = (value: string): string => builder.node('ReduceL2', [value], { keepdims: 0 })
      const positive = (value: string): string => builder.node('Greater', [value, builder.number(0, value)])
      const [weightNorm, gradientNorm] = [norm(parameter), norm(gradient)]
      const both = builder.node('And', [positive(weightNorm), positive(gradientNorm)])
      const ratio = div(mul(weightNorm, trust), builder.node('Max', [add(gradientNorm, mul(weightNorm, weightDecay)), builder.number(1e-30, gradientNorm)]))
      const local = builder.node('Where', [both, ratio, builder.number(1, ratio)])
      const taken = decayed ? mul(add(gradient, mul(parameter, weightDecay)), mul(local, learningRate)) : mul(gradient, learningRate)
      const next = add(mul(moments[0] as string, momentum), taken)
      return { parameter: sub(parameter, next), moments: [next] }
    }
  }
}
