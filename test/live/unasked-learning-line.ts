/** A replay buffer that nobody may ask for anything, but for what a test gives. */
import type { LearningLine } from '../../engine/live/learning-line.ts'
import type { LearningState } from '../../schemas/learning.ts'

export const notAsked = (): never => { throw new Error('Expected not to be asked') }

export const restingState: LearningState = { id: 'buffer', product: 'plate', defects: [], waiting: 0, updating: null, inDrift: false, canRollBack: false, last: null }

/** `given` may have getters: it is not copied. */
export function unaskedLearningLine (given: Partial<LearningLine>): LearningLine {
  const unasked: LearningLine = { state: restingState, keep: notAsked, withdraw: notAsked, sheet: notAsked, picture: notAsked, relabel: notAsked, update: notAsked, cancel: notAsked, rollBack: notAsked }
  return Object.defineProperties(unasked, Object.getOwnPropertyDescriptors(given))
}
