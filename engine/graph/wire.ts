/**
 * The part of the ONNX file format (onnx.proto, IR version 10) that the house reads and writes: message and field numbers,
 * for protobufjs. Messages that are only carried along are declared as bytes.
 */
import protobuf from 'protobufjs/light.js'

type FieldRule = [id: number, type: string, rule?: 'repeated']

const messages: Record<string, Record<string, FieldRule>> = {
  Model: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    producerVersion: [3, 'string'],
    graph: [7, 'Graph'],
    operatorSets: [8, 'OperatorSet', 'repeated'],
    metadata: [14, 'Entry', 'repeated'],
    functions: [25, 'bytes', 'repeated']
  },
  OperatorSet: { domain: [1, 'string'], version: [2, 'int64'] },
  Entry: { key: [1, 'string'], value: [2, 'string'] },
  Graph: {
    nodes: [1, 'Node', 'repeated'],
    name: [2, 'string'],
    constants: [5, 'Tensor', 'repeated'],
    inputs: [11, 'Value', 'repeated'],
    outputs: [12, 'Value', 'repeated'],
    values: [13, 'Value', 'repeated'],
    sparseConstants: [15, 'bytes', 'repeated']
  },
  Node: {
    inputs: [1, 'string', 'repeated'],
    outputs: [2, 'string', 'repeated'],
    name: [3, 'string'],
    operator: [4, 'string'],
    attributes: [5, 'Attribute', 'repeated'],
    domain: [7, 'string'],
    overload: [8, 'string']
  },
  Attribute: {
    name: [1, 'string'],
    float: [2, 'float'],
    int: [3, 'int64'],
    string: [4, 'bytes'],
    tensor: [5, 'Tensor'],
    graph: [6, 'Graph'],
    floats: [7, 'float', 'repeated'],
    ints: [8, 'int64', 'repeated'],
    strings: [9, 'bytes', 'repeated'],
    type: [20, 'int32']
  },
  Tensor: {
    dims: [1, 'int64', 'repeated'],
    type: [2, 'int32'],
    floats: [4, 'float', 'repeated'],
    int32s: [5, 'int32', 'repeated'],
    int64s: [7, 'int64', 'repeated'],
    name: [8, 'string'],
    raw: [9, 'bytes'],
    doubles: [10, 'double', 'repeated'],
    uint64s: [11, 'uint64', 'repeated'],
    external: [13, 'Entry', 'repeated']
  },
  Value: { name: [1, 'string'], type: [2, 'Type'] },
  Type: { tensor: [1, 'TensorType'] },
  TensorType: { type: [1, 'int32'], shape: [2, 'Shape'] },
  Shape: { dims: [1, 'Dimension', 'repeated'] },
  Dimension: { size: [1, 'int64'], free: [2, 'string'] }
}

export interface WireLong { toString (): string }
export type WireInteger = number | WireLong

export interface WireModel {
  irVersion: WireInteger
  producerName: string
  producerVersion: string
  graph: WireGraph | null
  operatorSets: Array<{ domain: string, version: WireInteger }>
  metadata: Array<{ key: string, value: string }>
  functions: Uint8Array[]
}

export interface WireGraph {
  nodes: WireNode[]
  name: string
  constants: WireTensor[]
  inputs: WireValue[]
  outputs: WireValue[]
  values: WireValue[]
  sparseConstants: Uint8Array[]
}

export interface WireNode {
  inputs: string[]
  outputs: string[]
  name: string
  operator: string
  attributes: WireAttribute[]
  domain: string
  overload: string
}

export interface WireAttribute {
  name: string
  type: number
  float: number
  int: WireInteger
  string: Uint8Array
  tensor: WireTensor | null
  graph: WireGraph | null
  floats: number[]
  ints: WireInteger[]
  strings: Uint8Array[]
}

export interface WireTensor {
  dims: WireInteger[]
  type: number
  name: string
  raw: Uint8Array
  floats: number[]
  int32s: number[]
  int64s: WireInteger[]
  doubles: number[]
  uint64s: WireInteger[]
  external: Array<{ key: string, value: string }>
}

export interface WireValue {
  name: string
  type: { tensor: { type: number, shape: { dims: WireDimension[] } | null } | null } | null
}

export interface WireDimension { size: WireInteger, free: string }

/** AttributeProto.AttributeType by our name. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const

export const metadataField = 14

// Built by hand and not from JSON: protobufjs then takes it for proto2, as onnx.proto is, and writes zeros that were set.
const root = new protobuf.Root()
for (const [name, fields] of Object.entries(messages)) {
  const type = new protobuf.Type(name)
  for (const [field, [id, of, rule]] of Object.entries(fields)) type.add(new protobuf.Field(field, id, of, rule))
  root.add(type)
}
root.resolveAll()

export const modelType = root.lookupType('Model')
export const entryType = root.lookupType('Entry')
export const { Reader, Writer } = protobuf
