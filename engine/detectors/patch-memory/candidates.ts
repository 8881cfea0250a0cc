/** The choices that `auto` leaves open. */
import { layerSet } from '../../backbones/backbone.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { candidateScales } from '../backbone-features/candidate-scales.ts'
import type { MemorySettings } from './memory.ts'
import type { PatchMemoryOptions } from './options.ts'

/** Entries and components that keep the cost of the distance near that of the backbone. */
const fineStride = 4
const byStride = { fine: { components: 32, entries: 1000 }, coarse: { components: 64, entries: 2000 } }

/** Layer sets and sizes, cheap ones first, with the usual value of every other setting. @param edge Of the pictures, pixels. */
export function scaleCandidates (options: PatchMemoryOptions, backbone: Backbone, edge: number): MemorySettings[] {
  return candidateScales(options, backbone, edge).map(({ layers, size }) => usual(options, backbone, layers, size))
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
    relative: options.relative,
    components: options.components === 'auto' ? components : options.components,
    entries: options.bankSize === 'auto' ? entries : options.bankSize
  }
}
