/** The choices that `auto` leaves open. */
import { layerSet } from '../../backbones/backbone.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { GoodpartsError } from '../../errors.ts'
import { candidateSizes } from '../backbone-features/candidate-sizes.ts'
import type { MemorySettings } from './memory.ts'
import type { PatchMemoryOptions } from './options.ts'

/** Layer sets that `auto` tries; `three` costs as much as both and won nowhere. */
const automaticLayers = ['fine', 'standard']

/** Entries and components that keep the cost of the distance near that of the backbone. */
const fineStride = 4
const byStride = { fine: { components: 32, entries: 1000 }, coarse: { components: 64, entries: 2000 } }

/** Layer sets and sizes, cheap ones first, with the usual value of every other setting. @param edge Of the pictures, pixels. */
export function scaleCandidates (options: PatchMemoryOptions, backbone: Backbone, edge: number): MemorySettings[] {
  const layers = candidateLayers(options, backbone)
  const candidates = candidateSizes(options, edge).flatMap((size) => layers
    .filter((name) => options.size !== 'auto' || size % coarsestStride(backbone, name) === 0)
    .map((name) => usual(options, backbone, name, size)))
  if (candidates.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected layers ${layers.join(', ')} to have a size that they can take, got none`)
  return candidates
}

/** The same scale with one other setting each, of those that are left open. */
export function settingVariants (options: PatchMemoryOptions, chosen: MemorySettings): MemorySettings[] {
  return [
    ...(options.whitening === 'auto' ? [{ ...chosen, whitening: !chosen.whitening }] : []),
    ...(options.normalisation === 'auto' ? [{ ...chosen, normalisation: 'image' as const }] : [])
  ]
}

function usual (options: PatchMemoryOptions, backbone: Backbone, layers: string, size: number): MemorySettings {
  const { components, entries } = byStride[(layerSet(backbone, layers)[0]?.stride ?? 0) <= fineStride ? 'fine' : 'coarse']
  return {
    layers,
    size,
    normalisation: options.normalisation === 'auto' ? 'backbone' : options.normalisation,
    whitening: options.whitening === 'auto' ? true : options.whitening,
    components: options.components === 'auto' ? components : options.components,
    entries: options.bankSize === 'auto' ? entries : options.bankSize
  }
}

function candidateLayers ({ scale }: PatchMemoryOptions, backbone: Backbone): string[] {
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
