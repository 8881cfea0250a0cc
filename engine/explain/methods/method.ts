/** What all methods share: the picture at the model's size, the clock, the refusal. */
import { GoodpartsError } from '../../errors.ts'
import type { ExplainOptions, Explainer, ExplanationMethod, ExplanationTarget, Saliency } from '../explainer.ts'
import { Budget, targetObstacle } from '../masked-passes.ts'
import type { ExplainedModel, LayerGradient } from '../model/explained-model.ts'
import { workingPicture, type WorkingPicture } from '../model/working-picture.ts'

export type Found = Pick<Saliency, 'map' | 'forwards' | 'skipped' | 'reason'>

/** Where a picture has no numbers to weigh channels by, why: left to a method, it would pass for one in which nothing speaks for the target. `null` where it has. */
export function withoutNumbers (layers: readonly LayerGradient[]): Found | null {
  for (const { value, activation, gradient } of layers) {
    const what = !activation.every(Number.isFinite) ? 'activations' : gradient.every(Number.isFinite) ? null : 'gradients'
    if (what !== null) return { map: null, forwards: { done: 1, planned: 1 }, skipped: null, reason: `the ${what} at ${value} are no numbers for this picture` }
  }
  return null
}

export interface MethodWork {
  model: ExplainedModel
  picture: WorkingPicture
  options: ExplainOptions
  budget: Budget
}

/** An explainer from what is particular to it. `obstacle` adds to the target that every method needs. */
export function explanationMethod (
  method: ExplanationMethod,
  work: (work: MethodWork) => Promise<Found>,
  obstacle: (model: ExplainedModel, target: ExplanationTarget) => string | null = () => null
): Explainer {
  const whyNot: Explainer['obstacle'] = (model, target) => targetObstacle(model, target) ?? obstacle(model, target)
  return {
    method,
    obstacle: whyNot,
    async explain (model, image, options) {
      options.signal?.throwIfAborted()
      const reason = whyNot(model, options.target)
      if (reason !== null) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `${reason} (${method})`)
      const budget = new Budget(options.budget, options.now)
      const picture = await workingPicture(image, model.input, options.baseline ?? 'mean')
      const found = await work({ model, picture, options, budget })
      return { method, ...found, milliseconds: budget.elapsed }
    }
  }
}
