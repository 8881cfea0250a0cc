/** A loss curve short enough to be kept and drawn. */
import type { LossPoint } from '../../schemas/bundle.ts'

const mostPoints = 100

/** Means of as many steps each. @param losses One per step. */
export function lossCurve (losses: readonly number[]): LossPoint[] {
  const count = Math.min(mostPoints, losses.length)
  return Array.from({ length: count }, (_, point) => {
    const [from, to] = [point, point + 1].map((edge) => Math.floor(edge * losses.length / count)) as [number, number]
    return { step: to, loss: losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from) }
  })
}

/** For a line of progress. */
export function lossText (loss: number): string {
  return `loss ${loss.toPrecision(3)}`
}
