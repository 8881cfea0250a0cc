/** Every method of explanation that the package knows, the cheapest first. */
import { GoodpartsError } from '../errors.ts'
import type { Explainer, ExplanationMethod } from './explainer.ts'
import { anomalyMapMethod } from './methods/anomaly-map.ts'
import { occlusionMethod } from './methods/occlusion.ts'
import { riseMethod } from './methods/rise.ts'
import { scoreCamMethod } from './methods/score-cam.ts'

export const explainers: readonly Explainer[] = [anomalyMapMethod, scoreCamMethod, occlusionMethod, riseMethod]

/** @throws GOODPARTS_ARGUMENT for a name that is not among them. */
export function explainerByName (name: string): Explainer {
  const found = explainers.find(({ method }) => method === name as ExplanationMethod)
  if (found !== undefined) return found
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a method of explanation to be one of ${explainers.map(({ method }) => method).join(', ')}, got ${name}`)
}
