/** Stochastic gradient descent with momentum (Polyak 1964; Nesterov's form after Sutskever et al. 2013), as PyTorch defines it. */
import { arithmetic } from './optimiser.ts'
import type { Optimiser } from './optimiser.ts'

export interface SgdOptions {
  /** In [0, 1). Default 0.9; 0 keeps no moments. */
  momentum?: number
  /** Default false. */
  nesterov?: boolean
  /** Added to the gradient as `weightDecay * w`. Default 0. */
  weightDecay?: number
}

/** `d = g + wd w`, `v = m v + d`, `w = w - lr v`, or `w - lr (d + m v)` by Nesterov. */
export function sgd ({ momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimiser {
  return {
    moments: momentum === 0 ? [] : ['momentum'],
    update (builder, { parameter, gradient, moments: [velocity], learningRate, decayed }) {
      const { add, sub, mul } = arithmetic(builder)
      const direction = decayed && weightDecay !== 0 ? add(gradient, mul(parameter, weightDecay)) : gradient
      if (velocity === undefined) return { parameter: sub(parameter, mul(direction, learningRate)), moments: [] }
      const next = add(mul(velocity, momentum), direction)
      const taken = nesterov ? add(direction, mul(next, momentum)) : next
      return { parameter: sub(parameter, mul(taken, learningRate)), moments: [next] }
    }
  }
}
