/** The bundle graph of a distillation: where student, auto-encoder and teacher differ more than on good parts. */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { exportInference } from '../../training/network/export-inference.ts'
import type { Weights } from '../../training/network/parameter.ts'
import { addNormalised, addPictureInput } from '../network-pictures.ts'
import type { PictureGeometry } from '../network-pictures.ts'
import type { FeatureOptions, Projection } from '../backbone-features/feature-graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import { addTopMean } from '../map-scores.ts'
import { imitationNetwork } from './networks.ts'
import type { StudentSettings } from './networks.ts'
import { teacherGraph } from './teacher.ts'

/** Of a branch on good parts: what becomes 0 and what 0.1 of its map. */
export interface BranchScale {
  low: number
  high: number
}

export interface DistillationGraphOptions {
  settings: StudentSettings
  weights: Weights
  features: FeatureOptions
  projection: Projection
  /** Pixels of the resized picture. */
  mapSigma: number
}

const topShare = 0.002

/** `image` to the maps of both branches, `student` and `autoencoder`, `(N, 1, grid, grid)`: mean squared differences, not yet comparable. */
export function buildBranchGraph (options: DistillationGraphOptions): Graph {
  const builder = new GraphBuilder('distillation branches')
  const { grid } = options.settings
  for (const [name, value] of Object.entries(addBranches(builder, options))) builder.output(name, value, 'float32', ['N', 1, grid, grid])
  return builder.build()
}

/** `score` and `map`: both branches brought to one scale (EfficientAD, § 3.4), their mean, smoothed. */
export function buildDistillationGraph (options: DistillationGraphOptions, scales: { student: BranchScale, autoencoder: BranchScale }): Graph {
  const builder = new GraphBuilder('distillation')
  const { grid, size } = options.settings
  const branches = addBranches(builder, options)
  const scaled = (value: Value, { low, high }: BranchScale): Value =>
    builder.node('Mul', [builder.node('Sub', [value, builder.scalar(low)]), builder.scalar(0.1 / Math.max(high - low, 1e-9))])
  const sum = builder.node('Add', [scaled(branches.student, scales.student), scaled(branches.autoencoder, scales.autoencoder)])
  const map = addSmoothing(builder, builder.node('Mul', [sum, builder.scalar(0.5)]), options.mapSigma * grid / size)
  builder.output('score', addTopMean(builder, map, Math.ceil(topShare * grid * grid)), 'float32', ['N'])
  builder.output('map', builder.node('Squeeze', [map, builder.whole(1)]), 'float32', ['N', grid, grid])
  return builder.build()
}

function addBranches (builder: GraphBuilder, { settings, weights, features, projection }: DistillationGraphOptions): { student: Value, autoencoder: Value } {
  const image = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const { picture = '' } = builder.include(pictureGraph(settings), 'picture', { image })
  const { teacher = '' } = builder.include(teacherGraph(features, projection), 'teacher', { image })
  const { student = '', student2 = '', autoencoder = '' } = builder.include(exportInference(imitationNetwork(settings, 'N'), weights), 'student', { picture })
  // Side by side, so that there is one map that all evidence passes, at which both branches can be explained together.
  const together = (first: Value, second: Value): Value => builder.node('Concat', [first, second], { axis: 1 })
  const differences = builder.node('Sub', [together(teacher, autoencoder), together(student, student2)])
  const squared = (half: number): Value => {
    const difference = builder.node('Slice', [differences, builder.whole(half * settings.components), builder.whole((half + 1) * settings.components), builder.whole(1)])
    return builder.node('ReduceMean', [builder.node('Mul', [difference, difference]), builder.whole(1)], { keepdims: 1 })
  }
  return { student: squared(0), autoencoder: squared(1) }
}

function pictureGraph (geometry: PictureGeometry): Graph {
  const builder = new GraphBuilder('picture')
  const { size, channels } = geometry
  builder.output('picture', addNormalised(builder, addPictureInput(builder, geometry)), 'float32', ['N', channels, size, size])
  return builder.build()
}
