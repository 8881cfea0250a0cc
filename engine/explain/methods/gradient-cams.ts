/**
 * Class activation maps weighted by gradients. With A a layer's maps and g the gradient of the target's logit (or of the score) there:
 * - Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2): `ReLU(Σ mean(g_k) A_k)` of the last layer.
 * - Grad-CAM++ (Chattopadhay et al. 2018, eq. 12 and 19): `w_k = Σ α_k ReLU(g_k)`, `α = g² / (2 g² + Σ A_k g³)`.
 * - Layer-CAM (Jiang et al. 2021, eq. 5 and 6): `ReLU(Σ ReLU(g_k) A_k)` place by place.
 */
import { resampleMap } from '../../frame/resample-map.ts'
import type { LayerGradient } from '../model/explained-model.ts'
import { stretched } from '../saliency-maths.ts'
import { explanationMethod, withoutNumbers, type Found, type MethodWork } from './method.ts'

/** Least denominator of α, which is taken after dividing by g². */
const tiny = 1e-6

export const gradCamMethod = explanationMethod('grad-cam', lastLayerBy(gradCam))
export const gradCamPlusPlusMethod = explanationMethod('grad-cam++', lastLayerBy(gradCamPlusPlus))
export const layerCamMethod = explanationMethod('layer-cam', lastLayerBy(layerCam))

/** `(h, w)` from `(C, h, w)` twice. */
function gradCam (layer: LayerGradient): Float32Array {
  const cells = layer.height * layer.width
  return weighted(layer, (channel) => sum(layer.gradient.subarray(channel * cells, (channel + 1) * cells)) / cells)
}

export function gradCamPlusPlus (layer: LayerGradient): Float32Array {
  const cells = layer.height * layer.width
  return weighted(layer, (channel) => {
    const total = sum(layer.activation.subarray(channel * cells, (channel + 1) * cells))
    let weight = 0
    for (const g of layer.gradient.subarray(channel * cells, (channel + 1) * cells)) {
      const bottom = 2 + total * g
      if (g > 0) weight += g / (Math.abs(bottom) < tiny ? tiny : bottom)
    }
    return weight
  })
}

export function layerCam ({ activation, gradient, channels, height, width }: LayerGradient): Float32Array {
  const cells = height * width
  const map = new Float32Array(cells)
  for (let i = 0; i < channels * cells; i++) map[i % cells] = (map[i % cells] as number) + Math.max(0, gradient[i] as number) * (activation[i] as number)
  return map.map((value) => Math.max(0, value))
}

function weighted ({ activation, channels, height, width }: LayerGradient, weightOf: (channel: number) => number): Float32Array {
  const cells = height * width
  const map = new Float32Array(cells)
  for (let channel = 0; channel < channels; channel++) {
    const weight = weightOf(channel)
    for (let i = 0; i < cells; i++) map[i] = (map[i] as number) + weight * (activation[channel * cells + i] as number)
  }
  return map.map((value) => Math.max(0, value))
}

function lastLayerBy (combine: (layer: LayerGradient) => Float32Array): (work: MethodWork) => Promise<Found> {
  return async ({ model, picture, options }) => {
    const layers = (await model.layers(picture, options.target)).slice(-1)
    const [last] = await model.gradients(picture, layers, options.target, 'logit') as [LayerGradient]
    const without = withoutNumbers([last])
    if (without !== null) return without
    const map = stretched(resampleMap({ values: combine(last), height: last.height, width: last.width }, picture.width, picture.height))
    return { map: map === null ? null : { values: map, width: picture.width, height: picture.height }, forwards: { done: 1, planned: 1 }, skipped: null }
  }
}

function sum (values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0)
}
