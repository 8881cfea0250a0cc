/** From a map of deviations to one number for the picture, inside the graph. */
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'

/** Mean of the `count` largest values of each picture: `(N, …)` to `(N)`. Steadier than the largest alone, which one odd position decides. */
export function addTopMean (builder: GraphBuilder, map: Value, count: number): Value {
  const flat = builder.node('Flatten', [map], { axis: 1 })
  const [largest] = builder.nodes('TopK', [flat, builder.whole(count)], 2, { attributes: { axis: 1, largest: 1, sorted: 0 } })
  return builder.node('ReduceMean', [largest as Value, builder.whole(1)], { keepdims: 0 })
}
