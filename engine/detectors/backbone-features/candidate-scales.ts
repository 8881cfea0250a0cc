/** Layer sets and input edges that `scale: auto` and `size: auto` leave open. */
import { efficientNetLite0, layerSet } from '../../backbones/backbone.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { GoodpartsError } from '../../errors.ts'
import { untrainedEncoder } from '../contrastive/encoder-backbone.ts'
import { featureGeometry } from './feature-graph.ts'

export interface ScaleOptions {
  /** `auto`, or a layer set of the backbone. */
  scale: string
  /** Input edge in pixels. */
  size: 'auto' | number
}

export interface Scale {
  layers: string
  size: number
}

/** Layer sets that `auto` tries; `three` costs as much as both and won nowhere. */
const automaticLayers = ['fine', 'standard']

/** Edges tried, from cheap to dear. */
const sizeLadder = [128, 192, 256, 320, 384, 448, 512, 640, 768]
/** Neighbours on the ladder that are tried differ at least so much. */
const coarsestStep = 0.8
/** Enlarging small pictures gives the backbone room; enlarging large ones shows nothing new. Multiples of their own edge, and pixels. */
const mostEnlarged = { small: 1.5, upTo: 448, large: 1.15 }
/** The smallest picture that is tried: smaller ones lose small defects on any camera. */
const leastShare = 0.4

/** Layers and size, as far as they can be judged before there is a picture: those of another network are known once it is read. @throws GOODPARTS_ARGUMENT. */
export function checkScale (options: ScaleOptions & { backbone: string }): void {
  const backbone = [efficientNetLite0, untrainedEncoder].find(({ name }) => name === options.backbone)
  if (backbone === undefined) return
  const { size } = options
  for (const layers of candidateLayers(options, backbone)) {
    if (size !== 'auto') featureGeometry({ backbone, layers, size, normalisation: 'backbone' })
  }
}

/** Cheap ones first. @param edge Of the pictures, pixels. @throws GOODPARTS_ARGUMENT when no layers can take the size. */
export function candidateScales (options: ScaleOptions, backbone: Backbone, edge: number): Scale[] {
  const layers = candidateLayers(options, backbone)
  const candidates = candidateSizes(options, edge).flatMap((size) => layers
    .filter((name) => options.size !== 'auto' || size % coarsestStride(backbone, name) === 0)
    .map((name) => ({ layers: name, size })))
  if (candidates.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected layers ${layers.join(', ')} to have a size that they can take, got none`)
  return candidates
}

/** From the largest downwards, so that the picture's own size is among them. @param edge Of the pictures, pixels. */
export function candidateSizes ({ size }: { size: 'auto' | number }, edge: number): number[] {
  if (size !== 'auto') return [size]
  const largest = Math.max(mostEnlarged.large * edge, Math.min(mostEnlarged.small * edge, mostEnlarged.upTo), sizeLadder[0] as number)
  const smallest = Math.min(leastShare * edge, leastShare * (sizeLadder.at(-1) as number))
  const sizes: number[] = []
  for (const rung of sizeLadder.filter((pixels) => pixels <= largest && pixels >= smallest).reverse()) {
    if (sizes.length === 0 || rung <= coarsestStep * (sizes[0] as number)) sizes.unshift(rung)
  }
  return sizes
}

function candidateLayers ({ scale }: ScaleOptions, backbone: Backbone): string[] {
  if (scale === 'auto') {
    const known = automaticLayers.filter((name) => backbone.layerSets[name] !== undefined)
    return known.length > 0 ? known : Object.keys(backbone.layerSets)
  }
  layerSet(backbone, scale)
  return [scale]
}

function coarsestStride (backbone: Backbone, layers: string): number {
  return layerSet(backbone, layers).at(-1)?.stride ?? 1
}
