import { constantTensor, floatsOf } from '../../graph/constant-tensor.ts'
import type { Graph, GraphNode } from '../../graph/graph.ts'
import { normal, seededRandom, type Random } from '../../random.ts'

/** Relative, of squares that were stored in float32. */
const squaresTolerance = 1e-4

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
    const [rows = 0, columns = 0] = tensor.dims
    const drawn = tensor.dims.length === 2 && endsInSquares(values, rows, columns) ? drawnEntries(values, columns, random) : drawnAnew(values, random)
    return [name, constantTensor(drawn, tensor.dims)] as const
  }))
  return { ...graph, constants }
}

function drawnAnew (values: Float32Array, random: Random): Float32Array {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0))
  return values.map(() => mean + deviation * normal(random))
}

/** Whether each column is `-2 b`, then `|b|²`, as distances to the entries b of a memory are products: a square that is drawn by itself makes every distance nothing, or all the same. */
function endsInSquares (values: Float32Array, rows: number, columns: number): boolean {
  if (rows < 2) return false
  return squaresOf(values.subarray(0, (rows - 1) * columns), columns).every((square, column) => {
    const stored = values[(rows - 1) * columns + column] as number
    return stored > 0 && Math.abs(stored - square) <= squaresTolerance * stored
  })
}

function drawnEntries (values: Float32Array, columns: number, random: Random): Float32Array {
  const entries = drawnAnew(values.subarray(0, values.length - columns), random)
  const drawn = new Float32Array(values.length)
  drawn.set(entries)
  drawn.set(squaresOf(entries, columns), entries.length)
  return drawn
}

/** `|b|²` of each column of `-2 b`. */
function squaresOf (entries: Float32Array, columns: number): Float64Array {
  const squares = new Float64Array(columns)
  entries.forEach((value, index) => { squares[index % columns] = (squares[index % columns] as number) + value * value / 4 })
  return squares
}

function weightsOf ({ operator, inputs }: GraphNode): readonly string[] {
  if (operator === 'MatMul') return inputs
  return operator === 'Conv' || operator === 'ConvTranspose' || operator === 'Gemm' ? inputs.slice(1, 2) : []
}

/** A convolution of one channel to one makes a map smooth; nobody has learned it. */
function smooths (dims: readonly number[]): boolean {
  return dims.length === 4 && dims[0] === 1 && dims[1] === 1
}
