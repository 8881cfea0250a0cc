/** The backbone that the options ask for: the one that ships, or an ONNX file of the integrator's. */
import { efficientNetLite0, loadBackbone } from '../../backbones/backbone.ts'
import type { Backbone, BackboneLayer } from '../../backbones/backbone.ts'
import { GoodpartsError } from '../../errors.ts'
import { encodeModel } from '../../graph/encode.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'

/** Of every detector that reads a frozen network's layers. */
export interface BackboneOptions {
  /** `efficientnet-lite0` or the path of an ONNX file that takes float32 `(N, 3, H, W)`. */
  backbone: string
  /** Tensors of another backbone, fine to coarse. */
  backboneLayers: string[]
  /** Of another backbone: what its pictures were normalised by, on 0 to 255. */
  backboneMean: number[]
  backboneDeviation: number[]
}

export const backboneDefaults: BackboneOptions = {
  backbone: 'efficientnet-lite0',
  backboneLayers: [],
  backboneMean: [123.675, 116.28, 103.53],
  backboneDeviation: [58.395, 57.12, 57.375]
}

/** The name of the network that a family trains by itself, on the good parts. */
export const selfTrained = 'self-trained'

/** Of detectors that can also train the network whose layers they read. */
export interface EncoderOptions extends BackboneOptions {
  /** Train steps of a network that is `self-trained`. */
  encoderSteps: number
}

export const encoderDefaults: EncoderOptions = { ...backboneDefaults, encoderSteps: 1200 }

const probeEdge = 256

/**
 * Strides and channels of a given file's layers are found by running it once. Its layer sets: `all`, and with three layers and more also
 * each pair of neighbours, the first `fine` and the second `standard`.
 * @throws GOODPARTS_ARGUMENT, GOODPARTS_GRAPH_INVALID.
 */
export async function chosenBackbone (options: BackboneOptions): Promise<Backbone> {
  if (options.backbone === efficientNetLite0.name) return efficientNetLite0
  if (options.backboneLayers.length === 0) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected backboneLayers to name tensors of ${options.backbone}, got none`)
  }
  const backbone: Backbone = {
    name: options.backbone,
    path: options.backbone,
    mean: options.backboneMean as [number, number, number],
    deviation: options.backboneDeviation as [number, number, number],
    layerSets: {}
  }
  const layers = await probeLayers(backbone, options.backboneLayers)
  const [first, second, third] = layers
  const pairs = first !== undefined && second !== undefined && third !== undefined ? { fine: [first, second], standard: [second, third] } : {}
  return { ...backbone, layerSets: { ...pairs, all: layers } }
}

async function probeLayers (backbone: Backbone, tensors: readonly string[]): Promise<BackboneLayer[]> {
  const graph = loadBackbone(backbone, tensors.map((tensor) => ({ tensor, stride: 1, channels: 1 })))
  const session = await openSession(encodeModel(graph))
  try {
    const image = { type: 'float32', dims: [1, 3, probeEdge, probeEdge], data: new Float32Array(3 * probeEdge * probeEdge) } as const
    const outputs = await session.run({ [graph.inputs[0]?.name ?? '']: image })
    return tensors.map((tensor) => {
      const dims = outputs[tensor]?.dims ?? []
      const [, channels = 0, height = 0, width = 0] = dims
      if (dims.length !== 4 || height !== width || !Number.isInteger(probeEdge / height)) {
        throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected layer ${tensor} to give (N, C, H / stride, W / stride), got ${dims.join(' x ')} from ${probeEdge} pixels`)
      }
      return { tensor, stride: probeEdge / height, channels }
    })
  } finally {
    await session.close()
  }
}
