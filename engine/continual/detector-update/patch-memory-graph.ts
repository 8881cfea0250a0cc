/** A patch memory's bundle taken apart: its features without the bank, its bank, and the same graph with another bank of that size. */
import { bankColumns, type Bank } from '../../detectors/patch-memory/nearest-neighbour.ts'
import { neighbourTable } from '../../detectors/patch-memory/neighbour-table.ts'
import { GoodpartsError } from '../../errors.ts'
import { constantTensor, floatsOf } from '../../graph/constant-tensor.ts'
import { decodeModel } from '../../graph/decode.ts'
import { cutAt } from '../../graph/edit.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { ConstantTensor, Graph, Value } from '../../graph/graph.ts'

export interface PatchMemoryGraph {
  /** Entries in the space that the graph's features lie in. */
  readonly bank: Bank
  /** A model whose one output is `(N, positions, width + 1)`, the last number of each being one. */
  featureModel (): { model: Uint8Array, output: Value }
  /** The scoring model with as many other entries. @throws GOODPARTS_ARGUMENT for another number of them */
  withEntries (entries: Float32Array): Uint8Array
}

interface Block { name: Value, count: number }

/** @throws GOODPARTS_GRAPH_INVALID when the bytes are no such model. */
export function readPatchMemory (model: Uint8Array): PatchMemoryGraph {
  const graph = decodeModel(model)
  const { features, blocks } = findBlocks(graph)
  const bank = readBank(graph, blocks)
  return {
    bank,
    featureModel: () => ({ model: encodeModel(cutAt(graph, [features])), output: features }),
    withEntries: (entries) => encodeModel(replaceBank(graph, blocks, bank, { entries, width: bank.width }))
  }
}

/** The products of the features with a block of the bank, each followed by its smallest value or values. */
function findBlocks (graph: Graph): { features: Value, blocks: Block[] } {
  const minima = new Set(graph.nodes.filter(({ operator }) => operator === 'ReduceMin' || operator === 'TopK').map(({ inputs }) => inputs[0]))
  const products = graph.nodes.filter(({ operator, outputs }) => operator === 'MatMul' && minima.has(outputs[0]))
  const blocks = products.map(({ inputs }) => ({ name: inputs[1] ?? '', count: graph.constants.get(inputs[1] ?? '')?.dims[1] ?? 0 }))
  const features = products[0]?.inputs[0]
  if (features === undefined || blocks.some(({ count }) => count === 0)) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', 'Expected the graph of a patch memory, got one without a bank', { fix: 'Fit it again with this version' })
  }
  return { features, blocks }
}

function readBank (graph: Graph, blocks: readonly Block[]): Bank {
  const tensors = blocks.map(({ name }) => graph.constants.get(name) as ConstantTensor)
  const width = (tensors[0]?.dims[0] ?? 1) - 1
  const total = blocks.reduce((sum, { count }) => sum + count, 0)
  const entries = new Float32Array(total * width)
  let first = 0
  for (const tensor of tensors) {
    const columns = floatsOf(tensor)
    const count = tensor.dims[1] ?? 0
    for (let column = 0; column < count; column++) {
      for (let row = 0; row < width; row++) entries[(first + column) * width + row] = (columns[row * count + column] as number) / -2
    }
    first += count
  }
  return { entries, width }
}

function replaceBank (graph: Graph, blocks: readonly Block[], before: Bank, after: Bank): Graph {
  const total = before.entries.length / before.width
  if (after.entries.length !== before.entries.length) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${total} entries for the bank, got ${after.entries.length / after.width}`)
  }
  const replaced = new Map<Value, ConstantTensor>()
  let first = 0
  for (const { name, count } of blocks) {
    replaced.set(name, constantTensor(bankColumns(after, first, count), [after.width + 1, count]))
    first += count
  }
  for (const [name, tensor] of graph.constants) {
    const [rows, columns] = tensor.dims
    if (tensor.dims.length !== 2 || replaced.has(name)) continue
    // The reweighting's copy of the whole bank, and its table of neighbours.
    if (tensor.type === 'float32' && rows === after.width + 1 && columns === total && readsOf(graph, name, 'MatMul')) replaced.set(name, constantTensor(bankColumns(after, 0, total), [rows, total]))
    if (tensor.type === 'int64' && rows === total && columns !== undefined && readsOf(graph, name, 'Gather')) replaced.set(name, constantTensor(neighbourTable(after, columns), [total, columns]))
  }
  return { ...graph, constants: new Map([...graph.constants].map(([name, tensor]) => [name, replaced.get(name) ?? tensor])) }
}

function readsOf (graph: Graph, name: Value, operator: string): boolean {
  return graph.nodes.some((node) => node.operator === operator && node.inputs.includes(name))
}
