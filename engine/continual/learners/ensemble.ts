/** Several learners that answer together by the mean of their probabilities; worth most when their memories differ. */
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { logSumExp } from '../vectors.ts'
import { logProbabilitiesOf, type QuickLearner } from './classifier.ts'

export class Ensemble implements QuickLearner {
  readonly members: readonly QuickLearner[]

  constructor (members: readonly QuickLearner[]) {
    this.members = members
  }

  get classes (): readonly string[] {
    return this.members[0]?.classes ?? []
  }

  learn (lot: readonly ReplayItem[]): void {
    for (const member of this.members) member.learn(lot)
  }

  probabilities (features: Float32Array): Float64Array {
    return this.logProbabilities(features).map(Math.exp)
  }

  logProbabilities (features: Float32Array): Float64Array {
    const answers = this.members.map((member) => ({ member, values: logProbabilitiesOf(member, features) }))
    return Float64Array.from(this.classes, (label) =>
      logSumExp(answers.map(({ member, values }) => values[member.classes.indexOf(label)] ?? -Infinity)) - Math.log(this.members.length))
  }
}
