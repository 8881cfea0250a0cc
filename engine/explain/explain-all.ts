/** One picture by several methods, each judged by the model itself. */
import { asGoodpartsError, GoodpartsError, type ErrorCode } from '../errors.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { resampleMap } from '../frame/resample-map.ts'
import type { Explainer, ExplainOptions, ExplanationMethod, Saliency } from './explainer.ts'
import { faithfulness, type Faithfulness } from './metrics/faithfulness.ts'
import type { ExplainedModel } from './model/explained-model.ts'
import { workingPicture } from './model/working-picture.ts'

/** Without a map, why: `code` is that of what failed, `null` where the model cannot be explained so. */
export type Attempt =
  | { method: ExplanationMethod, saliency: Saliency, faithfulness: Faithfulness | null, obstacle: null, code: null }
  | { method: ExplanationMethod, saliency: null, faithfulness: null, obstacle: string, code: ErrorCode | null }

/**
 * What cannot be explained by a method, or fails in one, comes back with the reason: the other methods' maps are no worse for it. A budget is for each explanation; judging it takes as long as it takes.
 * @throws what is wrong with the picture; the signal's reason when aborted.
 */
export async function explainAll (model: ExplainedModel, image: RawImage, methods: readonly Explainer[], options: ExplainOptions & { judge?: boolean }, done: (attempt: Attempt) => void = () => undefined): Promise<Attempt[]> {
  const picture = await workingPicture(image, model.input, options.baseline ?? 'mean')
  const attempts: Attempt[] = []
  for (const explainer of methods) {
    const attempt = await attemptOne(explainer)
    attempts.push(attempt)
    done(attempt)
  }
  return attempts

  async function attemptOne (explainer: Explainer): Promise<Attempt> {
    const { method } = explainer
    try {
      const saliency = await explainer.explain(model, image, options)
      const values = saliency.map === null || options.judge === false ? null : resampleMap(saliency.map, picture.width, picture.height)
      return { method, saliency, obstacle: null, code: null, faithfulness: values === null ? null : await faithfulness(model, picture, values, options) }
    } catch (error) {
      options.signal?.throwIfAborted()
      const { code, message } = asGoodpartsError(error, 'GOODPARTS_EXPLANATION_FAILED')
      return { method, saliency: null, faithfulness: null, obstacle: message, code: isObstacle(error) ? null : code }
    }
  }
}

/** A model that this method cannot explain, as against a failure. */
export function isObstacle (error: unknown): error is GoodpartsError {
  return error instanceof GoodpartsError && (error.code === 'GOODPARTS_EXPLANATION_FAILED' || error.code === 'GOODPARTS_GRAPH_INVALID')
}
