/**
 * Locally aggregated mid-level features (PatchCore, Roth et al. 2022, § 3.1): 3 × 3 averages of each layer, the coarser layers
 * resized to the finest one's grid, all channels side by side.
 */
import { layerSet, loadBackbone } from '../../backbones/backbone.ts'
import type { Backbone, BackboneLayer } from '../../backbones/backbone.ts'
import { GoodpartsError } from '../../errors.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { addImageInput } from './image-input.ts'
import type { Normalisation } from './image-input.ts'

export interface FeatureOptions {
  backbone: Backbone
  /** The name of a layer set of the backbone: `fine`, `standard`, `three`. */
  layers: string
  /** Edge in pixels of the square that pictures are resized to; a multiple of the coarsest layer's stride. */
  size: number
  normalisation: Normalisation
}

/** From D features to d: `(f - mean) · matrix`; `mean` (D), `matrix` (D, d) row-major. */
export interface Projection {
  mean: Float32Array
  matrix: Float32Array
}

/** Positions along one edge of the feature grid, and channels D. @throws GOODPARTS_ARGUMENT when the size does not fit the layers. */
export function featureGeometry ({ backbone, layers, size }: FeatureOptions): { grid: number, channels: number } {
  const chosen = layerSet(backbone, layers)
  const coarsest = (chosen.at(-1) as BackboneLayer).stride
  if (!Number.isInteger(size / coarsest) || size < coarsest) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the size to be a multiple of ${coarsest} pixels for layers ${layers}, got ${size}`)
  }
  return { grid: size / (chosen[0] as BackboneLayer).stride, channels: chosen.reduce((sum, layer) => sum + layer.channels, 0) }
}

/**
 * A graph `image` uint8 `(N, H, W, C)` to `features` float32 `(N, grid², D)`, row by row of the grid; with a projection
 * `(N, grid², d)`.
 * @throws GOODPARTS_ARGUMENT, GOODPARTS_GRAPH_INVALID.
 */
export function buildFeatureGraph (options: FeatureOptions, projection: Projection | null = null): Graph {
  const builder = new GraphBuilder('patch-memory features')
  const { grid, channels } = featureGeometry(options)
  const width = projection === null ? channels : projection.matrix.length / channels
  const map = projection === null
    ? addFeatures(builder, options)
    : addProjectedFeatures(builder, options, projection.matrix, negatedProduct(projection, width))
  const rows = builder.node('Transpose', [builder.node('Reshape', [map, builder.whole(0, width, grid * grid)])], { perm: [0, 2, 1] })
  builder.output('features', rows, 'float32', ['N', grid * grid, width])
  return builder.build()
}

/** The features `(N, D, grid, grid)`. */
export function addFeatures (builder: GraphBuilder, options: FeatureOptions): Value {
  const layers = addLayers(builder, options)
  const finest = (layers[0] as Layer).stride
  const parts = layers.map((layer) => enlarge(builder, averageLocally(builder, layer.value), layer.stride / finest))
  return builder.node('Concat', parts, { axis: 1 })
}

/**
 * `f · matrix + shift` as a map `(N, d, grid, grid)`. Averages, resizing and the projection are linear and commute, so each layer is
 * projected first, at its own resolution: less to average, to resize and to move.
 */
export function addProjectedFeatures (builder: GraphBuilder, options: FeatureOptions, matrix: Float32Array, shift: Float32Array): Value {
  const width = shift.length
  const layers = addLayers(builder, options)
  const finest = (layers[0] as Layer).stride
  let firstRow = 0
  const parts = layers.map((layer) => {
    const weights = transposed(matrix.subarray(firstRow * width, (firstRow + layer.channels) * width), layer.channels, width)
    firstRow += layer.channels
    const projected = builder.node('Conv', [layer.value, builder.constant(weights, [width, layer.channels, 1, 1], 'projection')])
    return enlarge(builder, averageLocally(builder, projected), layer.stride / finest)
  })
  return [...parts, builder.constant(shift, [1, width, 1, 1], 'shift')].reduce((sum, part) => builder.node('Add', [sum, part]))
}

/** `-mean · matrix` (d). */
export function negatedProduct ({ mean, matrix }: Projection, width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, column) => -mean.reduce((sum, value, row) => sum + value * (matrix[row * width + column] as number), 0))
}

interface Layer { value: Value, stride: number, channels: number }

function addLayers (builder: GraphBuilder, options: FeatureOptions): Layer[] {
  featureGeometry(options)
  const layers = layerSet(options.backbone, options.layers)
  const graph = loadBackbone(options.backbone, layers)
  const image = addImageInput(builder, options.backbone, options.size, options.normalisation)
  const outputs = builder.include(graph, 'backbone', { [graph.inputs[0]?.name ?? '']: image })
  return layers.map(({ tensor, stride, channels }) => ({ value: outputs[tensor] as Value, stride, channels }))
}

/**
 * The mean of the 3 × 3 neighbourhood, zeros beyond the border, as in PatchCore. The mean of what is there alone would vary more in
 * the corners than anywhere else, and good parts would be rejected for their corners.
 */
function averageLocally (builder: GraphBuilder, map: Value): Value {
  return builder.node('AveragePool', [map], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], count_include_pad: 1 })
}

function enlarge (builder: GraphBuilder, map: Value, factor: number): Value {
  if (factor === 1) return map
  return builder.node('Resize', [map, '', builder.constant(Float32Array.of(1, 1, factor, factor), [4], 'scales')], {
    mode: 'linear', coordinate_transformation_mode: 'half_pixel'
  })
}

function transposed (matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, index) => matrix[index % rows * columns + Math.floor(index / rows)] as number)
}
