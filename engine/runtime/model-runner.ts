/** Asks a session of a bundle's graph about one picture: what golden vectors, evaluation and the inference workers have in common. */
import type { ModelAnswer, RunModel } from '../bundle/golden.ts'
import { GoodpartsError } from '../errors.ts'
import type { GraphSession, Tensor } from './onnx-runtime.ts'

/** One answer per picture of the batch `(N, H, W, C)` uint8; maps are views into the batch's output. @throws GOODPARTS_GRAPH_INVALID, GOODPARTS_INFERENCE_FAILED. */
export async function runBatch (session: GraphSession, data: Uint8Array, dims: readonly [number, number, number, number]): Promise<ModelAnswer[]> {
  const { score, map } = await session.run({ image: { type: 'uint8', dims, data } })
  if (!isFloat(score) || !isFloat(map) || score.dims.length !== 1 || map.dims.length !== 3 || score.data.length !== dims[0] || map.dims[0] !== dims[0]) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected score (${dims[0]}) and map (${dims[0]}, h, w) as float32, got ${describe(score)} and ${describe(map)}`)
  }
  const [, height, width] = map.dims as [number, number, number]
  return Array.from(score.data, (value, index) =>
    ({ score: value, map: map.data.subarray(index * height * width, (index + 1) * height * width), height, width }))
}

export function modelRunner (session: GraphSession): RunModel {
  return async ({ data, width, height, channels }) => {
    const [answer] = await runBatch(session, data, [1, height, width, channels])
    return answer as ModelAnswer
  }
}

function isFloat (tensor: Tensor | undefined): tensor is Tensor & { type: 'float32' } {
  return tensor?.type === 'float32'
}

function describe (tensor: Tensor | undefined): string {
  return tensor === undefined ? 'nothing' : `${tensor.type} (${tensor.dims.join(', ')})`
}
