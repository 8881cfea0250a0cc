/**
 * A lighting adapter: pictures taken in a new light are brought back, channel by channel and inside the graph, to the light that the model
 * was fitted in. Each picture says itself by its mean and deviation which light it was taken in, so that one in a light that the model
 * knows passes as it is.
 */
import { GoodpartsError } from '../../errors.ts'
import type { RawImage } from '../../frame/image-codec.ts'
import { GraphBuilder } from '../../graph/builder.ts'
import { checkGraph } from '../../graph/check.ts'
import { decodeModel } from '../../graph/decode.ts'
import { renameValues } from '../../graph/edit.ts'
import { wireNumber } from '../../graph/element-types.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import type { BundleMetadata } from '../../../schemas/bundle.ts'

/** Of each channel, grey levels 0 … 255. A type, so that it is JSON for the bundle's options. */
export type Light = { mean: number[], deviation: number[] }

/** The first is the one that pictures are brought to; the others were added by earlier updates. */
export type KnownLights = readonly [Light, ...Light[]]

/** Contrast is raised and lowered by no more than this: beyond, it is no light but another picture. */
const mostGain = 4

export function lightOf ({ data, channels }: RawImage): Light {
  const pixels = data.length / channels
  const sums = Array.from({ length: channels }, (_, channel) => {
    let sum = 0
    let squares = 0
    for (let at = channel; at < data.length; at += channels) {
      const value = data[at] as number
      sum += value
      squares += value * value
    }
    const mean = sum / pixels
    return { mean, deviation: Math.sqrt(Math.max(0, squares / pixels - mean * mean)) }
  })
  return { mean: sums.map(({ mean }) => mean), deviation: sums.map(({ deviation }) => deviation) }
}

/** Channel by channel the median: a few parts of another light, or with defects, do not move it. @throws GOODPARTS_TOO_FEW_IMAGES without any */
export function typicalLight (lights: readonly Light[]): Light {
  const [first] = lights
  if (first === undefined) throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES', 'Expected good parts to take the light from, got none', { fix: 'Confirm good parts of the product that runs, in the old light and in the new' })
  const of = (key: keyof Light): number[] => first[key].map((_, channel) => lights.map((light) => light[key][channel] ?? 0).sort((a, b) => a - b)[lights.length >> 1] as number)
  return { mean: of('mean'), deviation: of('deviation') }
}

/** The lights that a bundle's options list; `null` = it was never adapted. */
export function knownLights ({ options }: Pick<BundleMetadata, 'options'>): KnownLights | null {
  return Array.isArray(options.lights) && options.lights.length > 0 ? options.lights as unknown as KnownLights : null
}

/**
 * The same scoring model behind an adapter: a picture nearer to `added` than to any known light is stretched to `known[0]`, the others are not
 * touched. Speed: two sums over the camera's pixels more.
 * @throws GOODPARTS_GRAPH_INVALID when the bytes are no such model
 */
export function withLight (model: Uint8Array, added: Light, known: KnownLights): Uint8Array {
  const graph = decodeModel(model)
  const [input] = graph.inputs
  if (input?.type !== 'uint8') throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected a model that takes pictures of bytes, got ${input?.type ?? 'no input'}`)
  const prefix = `light ${known.length}`
  const light = adapterGraph(added, known)
  const adapter = renameValues(light, (value) => value === 'image' ? input.name : `${prefix}/${value}`)
  const inner = adapter.outputs[0]?.name ?? ''
  const renamed = renameValues(graph, (value) => value === input.name ? inner : value)
  const joined: Graph = {
    ...renamed,
    inputs: graph.inputs,
    constants: new Map([...adapter.constants, ...renamed.constants]),
    nodes: [...adapter.nodes.map((node) => ({ ...node, name: `${prefix}/${node.name}` })), ...renamed.nodes]
  }
  checkGraph(joined)
  return encodeModel(joined)
}

/** `image` uint8 `(N, H, W, C)` to `adapted`, the same. */
function adapterGraph (added: Light, known: KnownLights): Graph {
  const builder = new GraphBuilder('light')
  const picture = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const levels = builder.node('Cast', [picture], { to: wireNumber('float32') })
  const plane = builder.whole(1, 2)
  const mean = builder.node('ReduceMean', [levels, plane], { keepdims: 1 })
  const centred = builder.node('Sub', [levels, mean])
  const deviation = builder.node('Sqrt', [builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), plane], { keepdims: 1 })])
  const farFrom = (light: Light): Value => {
    const squares = ([[mean, light.mean], [deviation, light.deviation]] as const).map(([value, numbers]) => {
      const difference = builder.node('Sub', [value, channels(builder, numbers)])
      return builder.node('Mul', [difference, difference])
    })
    return builder.node('ReduceSum', [builder.node('Add', squares), builder.whole(3)], { keepdims: 1 })
  }
  const nearestKnown = known.map(farFrom).reduce((nearest, next) => builder.node('Min', [nearest, next]))
  const isNew = builder.node('Less', [farFrom(added), nearestKnown])
  const [reference] = known
  const gain = reference.deviation.map((value, channel) => Math.min(mostGain, Math.max(1 / mostGain, value / Math.max(1, added.deviation[channel] ?? 0))))
  const offset = reference.mean.map((value, channel) => value - (gain[channel] as number) * (added.mean[channel] ?? 0))
  const stretched = builder.node('Add', [builder.node('Mul', [levels, channels(builder, gain)]), channels(builder, offset)])
  const chosen = builder.node('Where', [isNew, stretched, levels])
  const bounded = builder.node('Clip', [builder.node('Round', [chosen]), builder.scalar(0), builder.scalar(255)])
  builder.output('adapted', builder.node('Cast', [bounded], { to: wireNumber('uint8') }), 'uint8', ['N', 'H', 'W', 'C'])
  return builder.build()
}

function channels (builder: GraphBuilder, numbers: readonly number[]): Value {
  return builder.constant(Float32Array.from(numbers), [1, 1, 1, numbers.length], 'light')
}
