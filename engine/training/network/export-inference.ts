/** From what is trained to what is shipped. */
import { GoodpartsError } from '../../errors.ts'
import { constantTensor } from '../../graph/constant-tensor.ts'
import { foldBatchNorm } from '../../graph/fold-batch-norm.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Network } from './network-builder.ts'
import { sizeOf } from './parameter.ts'
import type { Weights } from './parameter.ts'

/**
 * The network's graph with its parameters as constants, batch normalisation inside the convolutions before it; every other input stays.
 * @throws GOODPARTS_GRAPH_INVALID when weights are missing or of another size.
 */
export function exportInference ({ graph, parameters }: Network, weights: Weights): Graph {
  const constants = new Map(graph.constants)
  for (const { name, shape } of parameters) {
    const numbers = weights[name]
    if (numbers?.length !== sizeOf(shape)) {
      throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${sizeOf(shape)} weights for ${name}, got ${numbers?.length ?? 'none'}`)
    }
    constants.set(name, constantTensor(numbers, shape))
  }
  const names = new Set(parameters.map(({ name }) => name))
  return foldBatchNorm({ ...graph, inputs: graph.inputs.filter(({ name }) => !names.has(name)), constants })
}
