/** Learning a memory: components of the features, then the most different patches of good parts. */
import type { Backbone } from '../../backbones/backbone.ts'
import { encodeModel } from '../../graph/encode.ts'
import { permutation } from '../../random.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { buildFeatureGraph, featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import type { Normalisation } from '../backbone-features/image-input.ts'
import { greedyCoreset, randomProjection } from '../coreset.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { joined, rowsOf } from '../matrix-rows.ts'
import { eachPicture } from '../picture-features.ts'
import { principalComponents } from './principal-components.ts'

/** Everything that a memory is made by. */
export interface MemorySettings {
  layers: string
  size: number
  normalisation: Normalisation
  whitening: boolean
  components: number
  /** Of the bank. */
  entries: number
  /** Distances over the picture's median distance; of the scoring only. */
  relative: boolean
}

export interface Memory {
  settings: MemorySettings
  projection: Projection
  /** `(M, d)` row-major in greedy order: any prefix is the bank of that size. */
  bank: Float32Array
  /** d. */
  width: number
}

/** Pictures and rows that the components are taken from. */
const componentPictures = 32
const componentRows = 20_000
/**
 * Patches that the memory is picked from, of all pictures together, and at most of one. Measured on a printed board: with a quarter of them
 * the memory covers good parts worse, and AUROC falls from 0.999 to 0.993.
 */
const patchesTogether = 24_000
const mostPatchesPerPicture = 128
/** However many pictures there are, and however small the memory. */
const leastPatchesPerPicture = 16
const leastPatchesPerEntry = 3

/** Distances in the coreset are taken on at most so many numbers. */
const coresetWidth = 32

export async function learnMemory (backbone: Backbone, settings: MemorySettings, images: readonly GoodImage[], work: FitWork): Promise<Memory> {
  const options: FeatureOptions = { backbone, ...settings }
  const projection = await learnProjection(options, settings, images, work)
  const width = projection.matrix.length / featureGeometry(options).channels
  return { settings, projection, width, bank: await pickEntries(options, projection, settings.entries, images, work) }
}

/** The most different patches, `(entries, d)` row-major in greedy order. */
export async function pickEntries (options: FeatureOptions, projection: Projection, entries: number, images: readonly GoodImage[], work: FitWork): Promise<Float32Array> {
  const width = projection.matrix.length / featureGeometry(options).channels
  const patches = await gatherPatches(options, projection, width, entries, images, work)
  const random = work.random('coreset')
  await work.step('coreset', 0, entries)
  const flat = randomProjection(patches, width, coresetWidth, work.random('projection'))
  const taken = await greedyCoreset(flat.points, flat.width, {
    count: entries,
    first: Math.floor(random() * patches.length / width),
    pause: (number) => work.step('coreset', number, entries)
  })
  return rowsOf(patches, width, taken)
}

/** @param settings Components, and whether features are whitened first. */
export async function learnProjection (options: FeatureOptions, settings: Pick<MemorySettings, 'components' | 'whitening'>, images: readonly GoodImage[], work: FitWork): Promise<Projection> {
  const random = work.random('rows')
  const { channels } = featureGeometry(options)
  const chosen = Array.from(permutation(images.length, random).subarray(0, componentPictures), (index) => images[index] as GoodImage)
  const rows: Float32Array[] = []
  await eachPicture(await openSession(encodeModel(buildFeatureGraph(options)), { threads: work.threads }), chosen, 'components', work, (features) => {
    rows.push(rowsOf(features, channels, permutation(features.length / channels, random).subarray(0, Math.ceil(componentRows / chosen.length))))
  })
  return principalComponents(joined(rows), channels, settings)
}

/**
 * Each picture gives its own k-centre selection, and the memory is picked from those: a coreset of coresets, whose covering radius stays
 * within a constant of the best (Malkomes et al. 2015), where a random sample would lose what is rare on good parts.
 */
async function gatherPatches (options: FeatureOptions, projection: Projection, width: number, entries: number, images: readonly GoodImage[], work: FitWork): Promise<Float32Array> {
  const random = work.random('coreset')
  const each = Math.max(leastPatchesPerPicture, Math.min(mostPatchesPerPicture, Math.ceil(patchesTogether / images.length)), Math.ceil(leastPatchesPerEntry * entries / images.length))
  const session = await openSession(encodeModel(buildFeatureGraph(options, projection)), { threads: work.threads })
  const patches: Float32Array[] = []
  await eachPicture(session, images, 'features', work, async (features) => {
    const first = Math.floor(random() * features.length / width)
    patches.push(rowsOf(features, width, await greedyCoreset(features, width, { count: each, first, pause: () => work.breathe() })))
  })
  return joined(patches)
}
