/** Every method of explanation that the package knows, the cheapest first. */
import { GoodpartsError } from '../errors.ts'
import type { Explainer, ExplanationMethod } from './explainer.ts'
import { anomalyMapMethod } from './methods/anomaly-map.ts'
import { gradCamMethod, gradCamPlusPlusMethod, layerCamMethod } from './methods/gradient-cams.ts'
import { occlusionMethod } from './methods/occlusion.ts'
import { riseMethod } from './methods/rise.ts'
import { scoreCamMethod } from './methods/score-cam.ts'
import { adaSiseMethod, siseMethod } from './methods/sise.ts'

export const explainers: readonly Explainer[] = [
  anomalyMapMethod, gradCamMethod, gradCamPlusPlusMethod, layerCamMethod, scoreCamMethod, adaSiseMethod, siseMethod, occlusionMethod, riseMethod
]

/** @throws GOODPARTS_ARGUMENT for a name that is not among them. */
export function explainerByName (name: string): Explainer {
  const found = explainers.find(({ method }) => method === name as ExplanationMethod)
  if (found !== undefined) return found
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a method of explanation to be one of ${explainers.map(({ method }) => method).join(', ')}, got '${name}'`, { fix: 'Name some of them with commas between, for example grad-cam,sise.' })
}
