/**
 * SISE (Sattarzadeh et al. 2021, arXiv 2010.00672, § 3): of each layer before a down-sampling, the maps that speak for the target become
 * masks; a layer's map is the mean of what the model says behind each, laid on the mask divided by its mass; layers are fused from fine to
 * coarse, each letting through what it finds above Otsu's threshold. Ada-SISE (Sudhakar et al. 2021, arXiv 2102.07799) keeps
 * only the maps above Otsu's threshold of their gradients.
 */
import { passMasks, skippedText, type PassCount } from '../masked-passes.ts'
import type { LayerGradient } from '../model/explained-model.ts'
import { otsuThreshold } from '../otsu.ts'
import { stretched } from '../saliency-maths.ts'
import { channelMasks, type ChannelMask } from './channel-masks.ts'
import { explanationMethod, withoutNumbers, type Found, type MethodWork } from './method.ts'

/** Maps with less than this share of the largest gradient are left out; the paper's μ. */
const leastGradient = 0
/** Steepness of the soft threshold and its rise where few pixels are bright, as in the authors' lab's code. */
const steepness = 100
const rise = 1.5
const fewPixels = 0.1

export const siseMethod = explanationMethod('sise', siseBy((gradients) => gradients.map((value) => value > leastGradient)))
export const adaSiseMethod = explanationMethod('ada-sise', siseBy(aboveOtsu))

/** @param gradients of each map, divided by the layer's largest, which is positive. */
type Selection = (gradients: readonly number[]) => boolean[]

function siseBy (select: Selection): (work: MethodWork) => Promise<Found> {
  return async ({ model, picture, options, budget }) => {
    const { width, height } = picture
    const layers = await model.gradients(picture, await model.layers(picture, options.target), options.target, 'confidence')
    const without = withoutNumbers(layers)
    if (without !== null) return without
    const kept = layers.map((layer) => keptMasks(layer, select)).filter((masks) => masks.length > 0)
    const maps: Float32Array[] = []
    const passes: PassCount = { done: 0, planned: 0 }
    for (const [index, masks] of kept.entries()) {
      const sum = new Float32Array(width * height)
      const { done } = await passMasks(model, picture, options, budget.share(kept.length - index), {
        count: masks.length,
        maskAt: (mask) => (masks[mask] as ChannelMask).mask(width, height),
        scored: (mask, confidence) => {
          const mass = mask.reduce((mass, value) => mass + value, 0)
          // Enlarged, a channel may be too even to be a mask.
          if (mass === 0) return
          const weight = confidence / mass
          for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (mask[i] as number)
        }
      })
      passes.done += done
      passes.planned += masks.length
      const map = stretched(sum)
      if (map !== null) maps.push(map)
    }
    const fused = fuse(maps)
    return {
      map: fused === null ? null : { values: fused, width, height },
      forwards: { done: passes.done + 1, planned: passes.planned + 1 },
      skipped: skippedText(passes, 'maps')
    }
  }
}

/** Strongest gradients first, for the sake of the budget. */
function keptMasks (layer: LayerGradient, select: Selection): ChannelMask[] {
  const cells = layer.height * layer.width
  const gradients = Array.from({ length: layer.channels }, (_, channel) => layer.gradient.subarray(channel * cells, (channel + 1) * cells).reduce((sum, value) => sum + value, 0))
  const largest = Math.max(...gradients)
  if (!(largest > 0)) return []
  const chosen = select(gradients.map((value) => value / largest))
  return channelMasks(layer.activation, layer)
    .filter(({ channel }) => chosen[channel])
    .sort((a, b) => (gradients[b.channel] as number) - (gradients[a.channel] as number) || a.channel - b.channel)
}

/** Of gradients as `Selection` gets them, those above Otsu's threshold of the positive ones. */
export function aboveOtsu (gradients: readonly number[]): boolean[] {
  const threshold = otsuThreshold(gradients.filter((value) => value > 0)) ?? 0
  return gradients.map((value) => value > threshold)
}

/** `E ← (E + V) · B(V)` from fine to coarse; B is a steep sigmoid at Otsu's threshold of V. `null` where there is nothing to fuse. */
export function fuse (maps: readonly Float32Array[]): Float32Array | null {
  const [first, ...coarser] = maps
  if (first === undefined) return null
  const fused = coarser.reduce((sum, map) => {
    const threshold = softThreshold(map)
    return sum.map((value, i) => (value + (map[i] as number)) / (1 + Math.exp(-steepness * ((map[i] as number) - threshold))))
  }, first)
  return stretched(fused)
}

function softThreshold (map: Float32Array): number {
  const threshold = otsuThreshold(map) ?? 0
  const bright = map.reduce((count, value) => count + (value > rise * threshold ? 1 : 0), 0)
  // Raised above the highest value, it would let nothing through.
  return bright > 0 && bright < fewPixels * map.length ? rise * threshold : threshold
}
