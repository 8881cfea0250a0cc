/**
 * Score-CAM (Wang et al. 2020, arXiv 1910.01279, eq. 3 to 5): each channel of the last layer is a mask; what the model says of the picture
 * behind it, more than of the baseline, is the channel's weight: `L = ReLU(Σ (ψ(I · mask(A_k)) - ψ(baseline)) A_k)`. Other weights are in use; see
 * `ScoreCamVariant`. Channels that vary most come first, for the sake of the budget.
 */
import { resampleMap } from '../../frame/resample-map.ts'
import type { ScoreCamVariant } from '../explainer.ts'
import { passMasks, skippedText } from '../masked-passes.ts'
import { stretched } from '../saliency-maths.ts'
import { channelMasks } from './channel-masks.ts'
import { explanationMethod } from './method.ts'

export const scoreCamMethod = explanationMethod('score-cam', async ({ model, picture, options, budget }) => {
  const { width, height } = picture
  const layer = (await model.layers(picture, options.target)).slice(-1)
  const [activation] = await model.activations(picture, layer)
  const masks = channelMasks(activation as Float32Array, layer[0] as NonNullable<typeof layer[0]>)
    .sort((a, b) => b.range - a.range || a.channel - b.channel)
  const cells = (layer[0]?.width ?? 0) * (layer[0]?.height ?? 0)
  const [hidden = 0] = await model.confidences(picture, [new Float32Array(width * height)], options.target)
  const confidences: number[] = []
  const passes = await passMasks(model, picture, options, budget, {
    count: masks.length,
    maskAt: (index) => (masks[index] as NonNullable<typeof masks[0]>).mask(width, height),
    scored: (_mask, confidence) => { confidences.push(confidence) }
  })
  const sum = new Float32Array(cells)
  for (const [index, weight] of channelWeights(confidences, hidden, options.scoreCam).entries()) {
    const first = (masks[index]?.channel ?? 0) * cells
    for (let i = 0; i < cells; i++) sum[i] = (sum[i] as number) + weight * (activation?.[first + i] as number)
  }
  const positive = sum.map((value) => Math.max(0, value))
  const map = stretched(resampleMap({ values: positive, width: layer[0]?.width ?? 0, height: layer[0]?.height ?? 0 }, width, height))
  return { map: map === null ? null : { values: map, width, height }, forwards: { done: passes.done + 1, planned: passes.planned + 1 }, skipped: skippedText(passes, 'channels') }
})

/** @param confidences ψ behind each channel's mask. @param hidden ψ of the baseline. */
export function channelWeights (confidences: readonly number[], hidden: number, variant: ScoreCamVariant = 'increase'): number[] {
  switch (variant) {
    case 'increase': return confidences.map((confidence) => confidence - hidden)
    case 'confidence': return [...confidences]
    case 'softmax': {
      const highest = Math.max(...confidences)
      const powers = confidences.map((confidence) => Math.exp(confidence - highest))
      const sum = powers.reduce((total, power) => total + power, 0)
      return powers.map((power) => power / sum)
    }
  }
}
