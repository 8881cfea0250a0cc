/**
 * Finds, in any convolutional graph, the last layer before each spatial down-sampling and the last layer of all: SISE's choice of layers
 * (Sattarzadeh et al. 2021, § 3.1), and Grad-CAM's, which is the last of them (Selvaraju et al. 2017, § 3: the last convolutional layer, behind
 * which nothing has a place).
 */
import { GoodpartsError } from '../../errors.ts'
import { valuesRead, type Graph, type GraphNode, type Value } from '../../graph/graph.ts'

export interface SpatialLayer {
  value: Value
  channels: number
  height: number
  width: number
}

/** Operators whose answer does not carry the picture on. */
const shapeOperators = new Set(['Shape', 'Size'])
const convolution = /^(Fused)?Conv/
const mostLayers = 5
/** Fewer channels are a picture, its residual or a map of scores: what has been made of features, and none. */
const fewestChannels = 4

/** Values that may be layers: what the target needs, and the picture enters by convolutions alone. */
export function candidateLayers (graph: Graph, target: Value): Value[] {
  const path = pathTo(graph, target)
  const made = new Set<Value>([...graph.inputs.map(({ name }) => name), ...path.flatMap(({ outputs }) => outputs)])
  const after = new Set<Value>()
  for (const node of path) {
    if (!convolution.test(node.operator) && !valuesRead(node).every((value) => after.has(value) || !made.has(value))) continue
    const [first] = node.outputs
    if (first !== undefined && first !== '') after.add(first)
  }
  return [...after]
}

/**
 * A layer must be passed by every way from the picture to the target, so that neither a block's own branches nor one of several scales counts,
 * but where they meet again. Where networks are only compared behind their last layers there is none: then by every way to the coarsest layer.
 * From fine to coarse; at most five, the coarsest. What is only pooled behind the last convolution adds nothing to it: VGG's layers are what its pools read.
 * @param shapes sizes of the candidates, as a run gave them.
 * @throws GOODPARTS_EXPLANATION_FAILED when no value is a map `(N, C, h, w)` of four channels or more behind a convolution.
 */
export function spatialLayers (graph: Graph, target: Value, shapes: ReadonlyMap<Value, readonly number[]>): SpatialLayer[] {
  const all = candidateLayers(graph, target).flatMap((value) => {
    const [, channels = 0, height = 0, width = 0, ...more] = shapes.get(value) ?? []
    return more.length === 0 && channels >= fewestChannels && height * width > 1 ? [{ value, channels, height, width }] : []
  })
  const maps = carriedMaps(graph, target, all)
  const passed = passedBy(graph, target, maps)
  const deepest = coarsest(passed) ?? coarsest(maps)
  if (deepest === undefined) {
    throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected the model to have a layer that keeps where things are, of ${fewestChannels} channels or more behind a convolution, got none`,
      { fix: 'Choose a method that needs no layers: rise or occlusion.' })
  }
  const layers: SpatialLayer[] = []
  for (const map of passed.length > 0 ? passed : passedBy(graph, deepest.value, maps)) {
    const before = layers.at(-1)
    if (before !== undefined && before.height === map.height && before.width === map.width) layers.pop()
    // Behind a way back up to finer maps there are no new layers, only mixtures of the earlier ones.
    if (before === undefined || map.height * map.width <= before.height * before.width) layers.push(map)
  }
  return layers.slice(-mostLayers)
}

/** The last of the smallest. */
function coarsest (maps: readonly SpatialLayer[]): SpatialLayer | undefined {
  const smallest = Math.min(...maps.map(({ height, width }) => height * width))
  return maps.findLast(({ height, width }) => height * width === smallest)
}

/** Without maps behind the last convolution that are smaller than its own. */
function carriedMaps (graph: Graph, target: Value, maps: readonly SpatialLayer[]): SpatialLayer[] {
  const convolved = new Set(pathTo(graph, target).flatMap(({ operator, outputs }) => convolution.test(operator) ? outputs : []))
  const last = maps.findLastIndex(({ value }) => convolved.has(value))
  const cells = (maps[last]?.height ?? 0) * (maps[last]?.width ?? 0)
  return maps.filter(({ height, width }, index) => index <= last || height * width >= cells)
}

/** Nodes that `value` needs and that read the picture, in the order in which they run. */
function pathTo (graph: Graph, value: Value): GraphNode[] {
  const dynamic = new Set<Value>(graph.inputs.map(({ name }) => name))
  const carriers = graph.nodes.filter((node) => {
    if (shapeOperators.has(node.operator) || !valuesRead(node).some((read) => dynamic.has(read))) return false
    for (const output of node.outputs) dynamic.add(output)
    return true
  })
  const needed = new Set<Value>([value])
  return carriers.reverse().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false
    for (const read of valuesRead(node)) if (dynamic.has(read)) needed.add(read)
    return true
  }).reverse()
}

/** Those of the maps that every way from the inputs to `value` passes: beside which, when they are written, nothing earlier is still to be read. */
function passedBy (graph: Graph, value: Value, maps: readonly SpatialLayer[]): SpatialLayer[] {
  const path = pathTo(graph, value)
  const lastRead = new Map<Value, number>()
  path.forEach((node, index) => { for (const read of valuesRead(node)) lastRead.set(read, index) })
  lastRead.set(value, path.length)
  const passed = new Set<Value>()
  let open = Math.max(-1, ...graph.inputs.map(({ name }) => lastRead.get(name) ?? -1))
  path.forEach((node, index) => {
    const readLater = node.outputs.filter((output) => (lastRead.get(output) ?? -1) > index)
    if (open <= index && readLater.length === 1) passed.add(readLater[0] as Value)
    open = Math.max(open, ...readLater.map((output) => lastRead.get(output) as number))
  })
  return maps.filter((map) => passed.has(map.value))
}
