import { constantTensor, floatsOf } from '../../graph/constant-tensor.ts'
import type { Graph, GraphNode } from '../../graph/graph.ts'
import { normal, seededRandom } from '../../random.ts'

/**
 * The same network with nothing learned in it: the weights of its convolutions and products are drawn anew, each tensor with its own mean and deviation
 * (Adebayo et al. 2018, "Sanity checks for saliency maps", arXiv 1810.03292, § 3, all layers at once). A detector's memory and means are weights of its products too.
 */
export function withRandomWeights (graph: Graph, seed: number): Graph {
  const random = seededRandom(seed)
  const weights = new Set(graph.nodes.flatMap(weightsOf))
  const constants = new Map(Array.from(graph.constants, ([name, tensor]) => {
    if (!weights.has(name) || tensor.type !== 'float32' || smooths(tensor.dims)) return [name, tensor] as const
    const values = floatsOf(tensor)
    const mean = values.reduce((sum, value) => sum + value / values.length, 0)
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0))
    return [name, constantTensor(values.map(() => mean + deviation * normal(random)), tensor.dims)] as const
  }))
  return { ...graph, constants }
}

function weightsOf ({ operator, inputs }: GraphNode): readonly string[] {
  if (operator === 'MatMul') return inputs
  return operator === 'Conv' || operator === 'ConvTranspose' || operator === 'Gemm' ? inputs.slice(1, 2) : []
}

/** A convolution of one channel to one makes a map smooth; nobody has learned it. */
function smooths (dims: readonly number[]): boolean {
  return dims.length === 4 && dims[0] === 1 && dims[1] === 1
}
