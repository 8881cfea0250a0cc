/** Several learners that answer together by the mean of their probabilities; worth most when their memories differ. */
import type { ReplayItem } from '../buffers/replay-policy.ts'
import type { QuickLearner } from './classifier.ts'

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
    const { classes } = this
    const sum = new Float64Array(classes.length)
    for (const member of this.members) {
      const values = member.probabilities(features)
      member.classes.forEach((label, index) => {
        const at = classes.indexOf(label)
        sum[at] = (sum[at] as number) + (values[index] as number) / this.members.length
      })
    }
    return sum
  }
}
