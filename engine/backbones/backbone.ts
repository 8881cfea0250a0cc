/** A frozen network whose middle layers detectors read: an ONNX file and what must be known of it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GoodpartsError } from '../errors.ts'
import { decodeModel } from '../graph/decode.ts'
import { cutAt } from '../graph/edit.ts'
import type { Graph } from '../graph/graph.ts'
import { raiseOperatorSet } from '../graph/operator-set.ts'

export interface BackboneLayer {
  /** The layer's tensor `(N, C, H / stride, W / stride)` in the graph. */
  tensor: string
  /** Pixels of the input per position, along both axes. */
  stride: number
  channels: number
}

export interface Backbone {
  name: string
  /** Of the ONNX file: one input float32 `(N, 3, H, W)`, all free but the channels. */
  path: string
  /** In place of the file, for a network that no file holds. */
  graph?: Graph
  /** Per channel (red, green, blue) on 0 … 255: the network sees `(value - mean) / deviation`. */
  mean: readonly [number, number, number]
  deviation: readonly [number, number, number]
  /** Sets of layers that a detector can ask for by name, each from fine to coarse. */
  layerSets: Readonly<Record<string, readonly BackboneLayer[]>>
}

const block2 = { tensor: 'block2', stride: 4, channels: 24 }
const block4 = { tensor: 'block4', stride: 8, channels: 40 }
const block10 = { tensor: 'block10', stride: 16, channels: 112 }

/** EfficientNet-Lite0 on ImageNet (Tan and Le 2019), as `scripts/make-backbone.ts` makes it; its provenance file lies beside it. */
export const efficientNetLite0: Backbone = {
  name: 'efficientnet-lite0',
  path: fileURLToPath(new URL('./efficientnet-lite0.onnx', import.meta.url)),
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
  layerSets: {
    fine: [block2, block4],
    standard: [block4, block10],
    three: [block2, block4, block10]
  }
}

/** @throws GOODPARTS_ARGUMENT when the backbone has no such set of layers. */
export function layerSet (backbone: Backbone, name: string): readonly BackboneLayer[] {
  const layers = backbone.layerSets[name]
  if (layers === undefined || layers.length === 0) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the scale to be one of ${Object.keys(backbone.layerSets).join(', ')}, or auto where the family takes it, got ${name}`, { fix: 'Give one of them, for example --scale standard on the command line.' })
  }
  return layers
}

/**
 * The backbone's graph, cut after the last of `layers`: its outputs are theirs, in this order.
 * @throws GOODPARTS_ARGUMENT when the file cannot be read, GOODPARTS_GRAPH_INVALID when it is not such a model.
 */
export function loadBackbone (backbone: Backbone, layers: readonly BackboneLayer[]): Graph {
  const model = backbone.graph ?? decodeModel(readModel(backbone.path))
  const graph = raiseOperatorSet(cutAt(model, layers.map(({ tensor }) => tensor)))
  const [input, ...more] = graph.inputs
  if (input?.type !== 'float32' || input.shape?.length !== 4 || more.length > 0) {
    throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected backbone ${backbone.name} to take one float32 image (N, 3, H, W), got inputs ${graph.inputs.map(({ name }) => name).join(', ')}`)
  }
  return graph
}

function readModel (path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a backbone at ${path}, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
