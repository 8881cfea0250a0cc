/** A graph to the bytes of an ONNX model file. Equal graphs give equal bytes. */
import { wireNumber } from './element-types.ts'
import type { Attribute, ConstantTensor, Graph, GraphNode, ValueInfo } from './graph.ts'
import { attributeTypes, modelType } from './wire.ts'

const utf8 = new TextEncoder()

/** ONNX releases pair IR version 8 with operator set 18; every later runtime reads it. */
const irVersion = 8

/** `metadata` becomes the model's `metadata_props`. */
export function encodeModel (graph: Graph, options: { metadata?: Readonly<Record<string, string>> } = {}): Uint8Array {
  const encoded = modelType.encode({
    irVersion: graph.functions.length > 0 ? 10 : irVersion,
    producerName: 'goodparts',
    graph: wireGraph(graph),
    operatorSets: Object.entries(graph.operatorSets).map(([domain, version]) => ({ domain, version })),
    metadata: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    functions: graph.functions
  }).finish()
  // A copy that owns its memory: the writer's may be a slice of a pool, which a transfer to a worker would take away from others.
  return new Uint8Array(encoded)
}

function wireGraph (graph: Graph): object {
  return {
    name: graph.name,
    nodes: graph.nodes.map(wireNode),
    constants: [...graph.constants].map(([name, tensor]) => ({ name, ...wireTensor(tensor) })),
    inputs: graph.inputs.map(wireValue),
    outputs: graph.outputs.map(wireValue),
    values: graph.values.map(wireValue)
  }
}

function wireNode (node: GraphNode): object {
  const { name, operator, domain, inputs, outputs } = node
  const attributes = Object.entries(node.attributes).map(([key, attribute]) => wireAttribute(key, attribute))
  return { name, operator, inputs, outputs, attributes, ...(domain === '' ? {} : { domain }) }
}

function wireAttribute (name: string, attribute: Attribute): object {
  const type = attributeTypes[attribute.kind]
  switch (attribute.kind) {
    case 'int': return { name, type, int: wireInteger(attribute.value) }
    case 'ints': return { name, type, ints: attribute.value.map(wireInteger) }
    case 'float': return { name, type, float: attribute.value }
    case 'floats': return { name, type, floats: attribute.value }
    case 'string': return { name, type, string: utf8.encode(attribute.value) }
    case 'strings': return { name, type, strings: attribute.value.map((text) => utf8.encode(text)) }
    case 'tensor': return { name, type, tensor: wireTensor(attribute.value) }
    case 'graph': return { name, type, graph: wireGraph(attribute.value) }
  }
}

function wireTensor (tensor: ConstantTensor): { dims: readonly number[], type: number, raw: Uint8Array } {
  return { dims: tensor.dims, type: wireNumber(tensor.type), raw: tensor.bytes }
}

function wireValue ({ name, type, shape }: ValueInfo): object {
  if (type === null) return { name }
  const dims = shape?.map((size) => typeof size === 'number' ? { size } : size === null ? {} : { free: size })
  return { name, type: { tensor: { type: wireNumber(type), ...(dims === undefined ? {} : { shape: { dims } }) } } }
}

/** protobufjs reads 64-bit integers from numbers and from `{ low, high }`. */
function wireInteger (value: number | bigint): number | { low: number, high: number, unsigned: boolean } {
  if (typeof value === 'number') return value
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false }
}
