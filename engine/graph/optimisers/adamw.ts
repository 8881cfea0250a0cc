/** AdamW (Loshchilov and Hutter 2019, algorithm 2), as PyTorch defines it. */
import { arithmetic } from './optimiser.ts'
import type { Optimiser } from './optimiser.ts'

export interface AdamWOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-8. */
  epsilon?: number
  /** Default 0.01. */
  weightDecay?: number
}

/** `w = w (1 - lr wd) - lr m^ / (sqrt(v^) + e)` with the moments corrected for their start at zero: `m^ = m / (1 - b1^t)`. */
export function adamw ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 }: AdamWOptions = {}): Optimiser {
  return {
    moments: ['first-moment', 'second-moment'],
    update (builder, { parameter, gradient, moments, learningRate, step, decayed }) {
      const { add, sub, mul, div } = arithmetic(builder)
      const [first, second] = moments as [string, string]
      const nextFirst = add(mul(first, beta1), mul(gradient, 1 - beta1))
      const nextSecond = add(mul(second, beta2), mul(mul(gradient, gradient), 1 - beta2))
      const correction = (beta: number): string => sub(builder.number(1, step), builder.node('Pow', [builder.number(beta, step), step]))
      const deviation = add(builder.node('Sqrt', [div(nextSecond, correction(beta2))]), epsilon)
      const kept = decayed && weightDecay !== 0 ? mul(parameter, sub(builder.number(1, learningRate), mul(learningRate, weightDecay))) : parameter
      return { parameter: sub(kept, mul(div(nextFirst, deviation), div(learningRate, correction(beta1)))), moments: [nextFirst, nextSecond] }
    }
  }
}
