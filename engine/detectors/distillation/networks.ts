/**
 * The student and the auto-encoder (after EfficientAD, Batzner et al. 2024, § 3). The student sees little around each position and imitates
 * the teacher there; the auto-encoder sees the whole part through a narrow middle, and the student's second half imitates it.
 */
import type { Dimension, Value } from '../../graph/graph.ts'
import { convolutionBlock, residualBlock, upsamplingBlock } from '../../training/network/blocks.ts'
import { convolution } from '../../training/network/layers.ts'
import { meanOf, meanSquares } from '../../training/network/losses.ts'
import { NetworkBuilder } from '../../training/network/network-builder.ts'
import type { FeatureMap, Network } from '../../training/network/network-builder.ts'
import type { PictureGeometry } from '../network-pictures.ts'

export interface StudentSettings extends PictureGeometry {
  /** Of the teacher's map, along one edge: the size divided by a power of two. */
  grid: number
  /** Of the teacher's map. */
  components: number
  width: number
  bottleneck: number
}

/** Halvings of the auto-encoder on the way in. */
const depth = 5

interface Imitations {
  /** Of the teacher, by the student. */
  student: Value
  /** Of the auto-encoder, by the student. */
  student2: Value
  /** Of the teacher, by the auto-encoder. */
  autoencoder: Value
}

function addImitations (network: NetworkBuilder, picture: FeatureMap, settings: StudentSettings): Imitations {
  const { graph } = network
  const { components } = settings
  const both = addStudent(network, picture, settings)
  const half = (index: number): Value => graph.node('Slice', [both.value, graph.whole(index * components), graph.whole((index + 1) * components), graph.whole(1)])
  return { student: half(0), student2: half(1), autoencoder: addAutoencoder(network, picture, settings).value }
}

/** `(N, 2 components, grid, grid)`. */
function addStudent (network: NetworkBuilder, picture: FeatureMap, { size, grid, components, width }: StudentSettings): FeatureMap {
  const halvings = Math.log2(size / grid)
  let map = picture
  for (let level = 0; level < halvings; level++) {
    map = convolutionBlock(network, `student.${level}`, map, { channels: width * Math.min(4, 2 ** level), kernel: 4, stride: 2, padding: 1 })
  }
  const last = residualBlock(network, 'student.residual', map, { channels: map.channels })
  return convolution(network, 'student.features', last, { channels: 2 * components, kernel: 1, gain: 1 })
}

/** `(N, components, grid, grid)`. */
function addAutoencoder (network: NetworkBuilder, picture: FeatureMap, { grid, components, width, bottleneck }: StudentSettings): FeatureMap {
  let map = picture
  for (let level = 0; level < depth; level++) map = convolutionBlock(network, `autoencoder.${level}`, map, { channels: width * Math.min(2, 2 ** level), kernel: 4, stride: 2, padding: 1 })
  map = convolution(network, 'autoencoder.bottleneck', map, { channels: bottleneck, kernel: 1, gain: 1 })
  for (let level = 0; map.height < grid; level++) map = upsamplingBlock(network, `autoencoder.up.${level}`, map, 2 * width)
  return convolution(network, 'autoencoder.features', map, { channels: components, gain: 1 })
}

/** `picture` `(N, C, size, size)` to the three maps `(N, components, grid, grid)`. */
export function imitationNetwork (settings: StudentSettings, batch: Dimension): Network {
  const network = new NetworkBuilder('distillation')
  const { size, channels, grid, components } = settings
  const imitations = addImitations(network, network.map('picture', batch, { channels, height: size, width: size }), settings)
  for (const [name, value] of Object.entries(imitations)) network.graph.output(name, value as Value, 'float32', [batch, components, grid, grid])
  return network.build()
}

/** The same with a loss against `teacher` `(batch, components, grid, grid)`. */
export function imitationTraining (settings: StudentSettings, batch: number): Network {
  const network = new NetworkBuilder('distillation training')
  const { graph } = network
  const { size, channels, grid, components } = settings
  const { student, student2, autoencoder } = addImitations(network, network.map('picture', batch, { channels, height: size, width: size }), settings)
  const teacher = network.map('teacher', batch, { channels: components, height: grid, width: grid }).value
  const terms = [hardMean(network, teacher, student), meanSquares(network, teacher, autoencoder), meanSquares(network, autoencoder, student2)]
  graph.output('loss', terms.reduce((sum, term) => graph.node('Add', [sum, term])), 'float32', [])
  return network.build()
}

/**
 * The quadratic mean of squared differences per position. Where the paper counts only the worst thousandth, so that the student does not learn
 * to follow the teacher where it need not, this weighs each position by its own difference, and stays smooth.
 */
function hardMean (network: NetworkBuilder, one: Value, other: Value): Value {
  const { graph } = network
  const difference = graph.node('Sub', [one, other])
  const squares = graph.node('ReduceMean', [graph.node('Mul', [difference, difference]), graph.whole(1)], { keepdims: 1 })
  return graph.node('Sqrt', [graph.node('Add', [meanOf(network, graph.node('Mul', [squares, squares])), graph.scalar(1e-8)])])
}
