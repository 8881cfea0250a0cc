/** The detector's own map, stretched to [0, 1]. */
import { stretched } from '../saliency-maths.ts'
import { explanationMethod } from './method.ts'

export const anomalyMapMethod = explanationMethod('anomaly-map', async ({ model, picture }) => {
  const { values, height, width } = await model.anomalyMap(picture)
  const map = stretched(values)
  return { map: map === null ? null : { values: map, height, width }, forwards: { done: 1, planned: 1 }, skipped: null }
}, (model, target) => {
  if (!model.hasMap) return 'Expected the model to have a map of its own, got none'
  return target.kind === 'score' ? null : 'Expected the target score, got a class'
})
