/** Greedy k-centre (Gonzalez 1985): from the one nearest to the class's mean on, always the one farthest from those taken; keeps outliers. */
import { meanVector, squaredDistance, unit } from '../vectors.ts'
import { classBalancedPolicy } from './class-rounds.ts'
import { lowestOf } from './herding.ts'
import type { Candidate, Choice } from './replay-policy.ts'

export const kCenter = classBalancedPolicy('k-center', 'Those farthest from each other, outliers first', ({ members, count }): Choice[] => {
  const directions = members.map(({ features }) => unit(features))
  const mean = meanVector(directions)
  const nearest = new Float64Array(members.length).fill(Infinity)
  const taken = new Set<number>()
  const choices: Choice[] = []
  while (choices.length < count) {
    const next = lowestOf(members.length, taken, (i) => taken.size === 0 ? squaredDistance(directions[i] as Float32Array, mean) : -(nearest[i] as number))
    const apart = Math.sqrt(nearest[next] as number)
    taken.add(next)
    const centre = directions[next] as Float32Array
    directions.forEach((direction, i) => { nearest[i] = Math.min(nearest[i] as number, squaredDistance(direction, centre)) })
    choices.push({ candidate: members[next] as Candidate, reason: taken.size === 1 ? 'nearest to the mean of its class' : `farthest from those kept before it, by ${apart.toPrecision(3)}` })
  }
  return choices
})
