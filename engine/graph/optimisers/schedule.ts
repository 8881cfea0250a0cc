/** Learning rates by step, as pure functions. */

export interface CosineOptions {
  /** Highest rate, reached at the end of the warm-up. */
  base: number
  /** Steps in all. */
  steps: number
  /** Steps of linear warm-up at the start, default 0. */
  warmUp?: number
  /** Rate at the last step, default 0. */
  final?: number
}

/**
 * Linear warm-up (Goyal et al. 2017), then half a cosine without restarts (Loshchilov and Hutter 2017, equation 5). Steps count from 1: the
 * first has `base / (warmUp + 1)` with a warm-up, the last has `final`.
 */
export function cosineSchedule ({ base, steps, warmUp = 0, final = 0 }: CosineOptions): (step: number) => number {
  return (step) => {
    if (step <= warmUp) return base * step / (warmUp + 1)
    const part = Math.min(1, (step - warmUp - 1) / Math.max(1, steps - warmUp - 1))
    return final + (base - final) * (1 + Math.cos(Math.PI * part)) / 2
  }
}
