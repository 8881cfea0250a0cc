/** The bytes of an ONNX model file to a graph. */
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { checkGraph } from './check.ts'
import { elementType } from './element-types.ts'
import type { Attribute, Attributes, Dimension, Graph, GraphNode, ValueInfo } from './graph.ts'
import { decodeTensor, wholeNumber } from './decode-tensor.ts'
import { attributeTypes, modelType } from './wire.ts'
import type { WireAttribute, WireDimension, WireGraph, WireModel, WireNode, WireValue } from './wire.ts'

const utf8 = new TextDecoder()

/**
 * Decodes and checks. Documentation strings and training information are left behind.
 * @throws GOODPARTS_GRAPH_INVALID when the bytes are not an ONNX model, the graph is not well formed, or it keeps its weights in
 *   other files.
 */
export function decodeModel (bytes: Uint8Array): Graph {
  let model: WireModel
  try {
    model = modelType.decode(bytes) as unknown as WireModel
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${bytes.byteLength} bytes to be an ONNX model, got: ${said}`, { cause })
  }
  if (model.graph === null || wholeNumber(model.irVersion) < 3) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${bytes.byteLength} bytes to be an ONNX model, got no graph of IR version 3 or later`)
  }
  try {
    const operatorSets = Object.fromEntries(model.operatorSets.map(({ domain, version }) => [plainDomain(domain), Number(wholeNumber(version))]))
    const graph = { ...decodeGraph(model.graph), operatorSets, functions: model.functions }
    checkGraph(graph)
    return graph
  } catch (error) {
    throw asGoodpartsError(error, 'GOODPARTS_GRAPH_INVALID')
  }
}

function decodeGraph (wire: WireGraph): Graph {
  if (wire.sparseConstants.length > 0) throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', 'Expected dense constants, got sparse ones')
  const constants = new Map(wire.constants.map((tensor) => [tensor.name, decodeTensor(tensor)]))
  return {
    name: wire.name,
    operatorSets: {},
    // Before IR version 4 every constant was listed as an input too.
    inputs: wire.inputs.filter(({ name }) => !constants.has(name)).map(decodeValue),
    outputs: wire.outputs.map(decodeValue),
    constants,
    nodes: wire.nodes.map(decodeNode),
    values: wire.values.map(decodeValue),
    functions: []
  }
}

function decodeNode (wire: WireNode): GraphNode {
  if (wire.overload !== '') throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected no function overloads, got ${wire.operator}:${wire.overload}`)
  const { name, operator, inputs, outputs } = wire
  const attributes: Attributes = Object.fromEntries(wire.attributes.map((attribute) => [attribute.name, decodeAttribute(attribute)]))
  return { name, operator, domain: plainDomain(wire.domain), inputs: [...inputs], outputs: [...outputs], attributes }
}

/** The standard's own operators go by two names: `ai.onnx` and none. */
function plainDomain (domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

function decodeAttribute (wire: WireAttribute): Attribute {
  switch (wire.type) {
    case attributeTypes.int: return { kind: 'int', value: wholeNumber(wire.int) }
    case attributeTypes.ints: return { kind: 'ints', value: wire.ints.map(wholeNumber) }
    case attributeTypes.float: return { kind: 'float', value: wire.float }
    case attributeTypes.floats: return { kind: 'floats', value: [...wire.floats] }
    case attributeTypes.string: return { kind: 'string', value: utf8.decode(wire.string) }
    case attributeTypes.strings: return { kind: 'strings', value: wire.strings.map((text) => utf8.decode(text)) }
    case attributeTypes.tensor: if (wire.tensor !== null) return { kind: 'tensor', value: decodeTensor(wire.tensor) }; break
    case attributeTypes.graph: if (wire.graph !== null) return { kind: 'graph', value: decodeGraph(wire.graph) }; break
  }
  throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected attribute ${wire.name} to be of a known type, got type ${wire.type}`)
}

function decodeValue (wire: WireValue): ValueInfo {
  const tensor = wire.type?.tensor ?? null
  // Absent (0) types occur in exported models and are left to the runtime's inference, as are sequences.
  if (tensor === null || tensor.type === 0) return { name: wire.name, type: null, shape: null }
  return { name: wire.name, type: elementType(tensor.type, wire.name), shape: tensor.shape === null ? null : tensor.shape.dims.map(decodeDimension) }
}

function decodeDimension (wire: WireDimension): Dimension {
  if (Object.hasOwn(wire, 'size')) return Number(wholeNumber(wire.size))
  return Object.hasOwn(wire, 'free') && wire.free !== '' ? wire.free : null
}
