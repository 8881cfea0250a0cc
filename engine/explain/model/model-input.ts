/** How a model takes pictures: our bundles bytes `(N, H, W, C)`, most others normalised floats `(N, C, H, W)`. */
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import type { Dimension, Graph, ValueInfo } from '../../graph/graph.ts'
import type { Tensor } from '../../runtime/onnx-runtime.ts'
import { LayerStitching } from './layer-stitching.ts'
import type { WorkingPicture } from './working-picture.ts'

/** What a float input expects of grey levels 0 to 255: `(level / 255 - mean) / deviation` for each channel. */
export interface Preprocessing {
  mean: readonly number[]
  deviation: readonly number[]
}

export interface ModelInput {
  name: string
  type: 'uint8' | 'float32'
  layout: 'NHWC' | 'NCHW'
  width: number
  height: number
  /** `null` takes pictures as they are. */
  channels: 1 | 3 | null
  /** Pictures in one pass that the graph insists on; `null` takes any number. */
  batch: number | null
  preprocessing: Preprocessing
}

/** Of the pictures of ImageNet, in red, green and blue: what models of torchvision and timm were trained with. */
const imageNet: Preprocessing = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] }
const plain: Preprocessing = { mean: [0], deviation: [1] }
const usualEdge = 224
/** Bundles that do not say at what size they look are shown pictures of at most this edge. */
const largestEdge = 512
/** Tiles are seen at their own size, as long as the whole picture has no longer edge. */
const largestOfTiles = 1280

/** @throws GOODPARTS_EXPLANATION_FAILED for a model that does not take one picture as bytes or floats. */
export function describeInput (graph: Graph, metadata: BundleMetadata | null, preprocessing?: Preprocessing): ModelInput {
  const [input] = graph.inputs
  if (input === undefined || graph.inputs.length !== 1) throw unfit(`Expected a model with one input, got ${graph.inputs.length}`)
  const { type } = input
  if (type !== 'uint8' && type !== 'float32') throw unfit(`Expected the input ${input.name} to be uint8 or float32, got ${type}`)
  const shape = input.shape ?? []
  if (shape.length !== 4) throw unfit(`Expected the input ${input.name} to be (N, C, H, W) or (N, H, W, C), got ${shape.length} dimensions`)
  const layout = layoutOf(input)
  const [rows, columns, depth] = layout === 'NCHW' ? [shape[2], shape[3], shape[1]] : [shape[1], shape[2], shape[3]]
  const edge = workingSize(metadata)
  const channels = depth === 1 || depth === 3 ? depth : metadata === null ? 3 : null
  return {
    name: input.name,
    type,
    layout,
    width: sizeOf(columns) ?? edge.width,
    height: sizeOf(rows) ?? edge.height,
    channels,
    batch: sizeOf(shape[0]),
    preprocessing: preprocessing === undefined ? (channels === 1 ? plain : imageNet) : forChannels(preprocessing, channels)
  }
}

/** One number stands for every channel. @throws GOODPARTS_ARGUMENT for another number of them, and for deviations that are not above 0 */
function forChannels ({ mean, deviation }: Preprocessing, channels: 1 | 3 | null): Preprocessing {
  const wanted = channels ?? 3
  const fix = 'Give one number for each channel of the model\'s input, or one for all.'
  const counts = [mean.length, deviation.length]
  if (!counts.every((count) => count === 1 || count === wanted)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected mean and deviation to have ${wanted === 1 ? '1 number' : `1 or ${wanted} numbers`}, got ${counts.join(' and ')}`, { fix })
  if (!deviation.every((value) => value > 0)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected deviations above 0, got ${deviation.join(', ')}`, { fix })
  const each = (values: readonly number[]): number[] => Array.from({ length: wanted }, (_, channel) => (values.length === 1 ? values[0] : values[channel]) as number)
  return { mean: each(mean), deviation: each(deviation) }
}

function layoutOf ({ type, shape }: ValueInfo): 'NHWC' | 'NCHW' {
  const isDepth = (size: Dimension | undefined): boolean => size === 1 || size === 3
  if (isDepth(shape?.[1]) && !isDepth(shape?.[3])) return 'NCHW'
  if (isDepth(shape?.[3]) && !isDepth(shape?.[1])) return 'NHWC'
  return type === 'uint8' ? 'NHWC' : 'NCHW'
}

function workingSize (metadata: BundleMetadata | null): { width: number, height: number } {
  if (metadata === null) return { width: usualEdge, height: usualEdge }
  const { options: { size }, input } = metadata
  const stitching = LayerStitching.of(metadata)
  const seen = typeof size === 'number' ? { width: size, height: size } : shrunk(input, largestEdge)
  return stitching === null ? seen : shrunk(stitching.pictureOf(seen), largestOfTiles)
}

function shrunk ({ width, height }: { width: number, height: number }, most: number): { width: number, height: number } {
  const shrink = Math.min(1, most / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * shrink)), height: Math.max(1, Math.round(height * shrink)) }
}

function sizeOf (dimension: Dimension | undefined): number | null {
  return typeof dimension === 'number' && dimension > 0 ? dimension : null
}

/** `picture · mask + baseline · (1 - mask)` for each mask `(H, W)` in [0, 1]; `null` is the picture itself. */
export function maskedInput (input: ModelInput, picture: WorkingPicture, masks: ReadonlyArray<Float32Array | null>): Tensor {
  const { width, height, channels, pixels, baseline } = picture
  const cells = width * height
  const length = cells * channels
  const bytes = input.type === 'uint8'
  const data = bytes ? new Uint8Array(length * masks.length) : new Float32Array(length * masks.length)
  const gains = Array.from({ length: channels }, (_, c) => bytes ? 1 : 1 / (255 * (input.preprocessing.deviation[c] ?? 1)))
  const shifts = Array.from({ length: channels }, (_, c) => bytes ? 0.5 : -(input.preprocessing.mean[c] ?? 0) / (input.preprocessing.deviation[c] ?? 1))
  const [cellStep, planeStep] = input.layout === 'NHWC' ? [channels, 1] : [1, cells]
  masks.forEach((mask, index) => {
    for (let channel = 0; channel < channels; channel++) {
      const [gain, shift] = [gains[channel] as number, shifts[channel] as number]
      let to = index * length + channel * planeStep
      let from = channel
      for (let cell = 0; cell < cells; cell++) {
        const hidden = baseline[from] as number
        const level = mask === null ? pixels[from] as number : hidden + (mask[cell] as number) * ((pixels[from] as number) - hidden)
        data[to] = level * gain + shift
        from += channels
        to += cellStep
      }
    }
  })
  const dims = input.layout === 'NHWC' ? [masks.length, height, width, channels] : [masks.length, channels, height, width]
  return data instanceof Uint8Array ? { type: 'uint8', dims, data } : { type: 'float32', dims, data }
}

function unfit (message: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', message, { fix: 'Explain a bundle, or a model with one picture input.' })
}
