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

/** Everything of the adapter has a name that begins so. */
const prefix = 'lighting adapter/'
const adaptedPicture = `${prefix}adapted`

/**
 * The same scoring model behind one adapter for all lights, which takes the place of the one that the model may have: a picture nearest to
 * `known[0]` is not touched, one nearest to any other known light or to `added` is stretched to `known[0]`. Speed: two sums over the camera's
 * pixels, however many lights are known.
 * @throws GOODPARTS_GRAPH_INVALID when the bytes are no such model
 */
export function withLight (model: Uint8Array, added: Light, known: KnownLights): Uint8Array {
  const decoded = decodeModel(model)
  const [input] = decoded.inputs
  if (input?.type !== 'uint8') throw new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected a model that takes pictures of bytes, got ${input?.type ?? 'no input'}`)
  const graph = withoutAdapter(decoded, input.name)
  const adapter = renameValues(adapterGraph([...known, added]), (value) => value === 'image' ? input.name : `${prefix}${value}`)
  const renamed = renameValues(graph, (value) => value === input.name ? adaptedPicture : value)
  const joined: Graph = {
    ...renamed,
    inputs: graph.inputs,
    constants: new Map([...adapter.constants, ...renamed.constants]),
    nodes: [...adapter.nodes.map((node) => ({ ...node, name: `${prefix}${node.name}` })), ...renamed.nodes]
  }
  checkGraph(joined)
  return encodeModel(joined)
}

/** The graph as it was before anything was put in front of it. */
function withoutAdapter (graph: Graph, input: Value): Graph {
  const isOwn = (name: string | undefined): boolean => name?.startsWith(prefix) === true
  const bare: Graph = {
    ...graph,
    constants: new Map([...graph.constants].filter(([name]) => !isOwn(name))),
    nodes: graph.nodes.filter(({ outputs }) => !isOwn(outputs[0])),
    values: graph.values.filter(({ name }) => !isOwn(name))
  }
  return renameValues(bare, (value) => value === adaptedPicture ? input : value)
}

/** `image` uint8 `(N, H, W, C)` to `adapted`, the same. */
function adapterGraph (lights: KnownLights): Graph {
  const builder = new GraphBuilder('light')
  const picture = builder.input('image', 'uint8', ['N', 'H', 'W', 'C'])
  const levels = builder.node('Cast', [picture], { to: wireNumber('float32') })
  const plane = builder.whole(1, 2)
  const mean = builder.node('ReduceMean', [levels, plane], { keepdims: 1 })
  const centred = builder.node('Sub', [levels, mean])
  const deviation = builder.node('Sqrt', [builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), plane], { keepdims: 1 })])
  const [reference] = lights
  const count = reference.mean.length
  const table = (rows: ReadonlyArray<readonly number[]>, dims: readonly number[]): Value => builder.constant(Float32Array.from(rows.flat()), dims, 'lights')
  const squares = ([[mean, 'mean'], [deviation, 'deviation']] as const).map(([value, key]) => {
    const difference = builder.node('Sub', [value, table(lights.map((light) => light[key]), [1, lights.length, 1, count])])
    return builder.node('Mul', [difference, difference])
  })
  const distances = builder.node('ReduceSum', [builder.node('Add', squares), builder.whole(2, 3)], { keepdims: 0 })
  // The first of equals: a picture as near to the reference as to another light stays as it is.
  const nearest = builder.node('ArgMin', [distances], { axis: 1, keepdims: 0 })
  const gains = lights.map((light) => reference.deviation.map((value, channel) => light === reference ? 1 : Math.min(mostGain, Math.max(1 / mostGain, value / Math.max(1, light.deviation[channel] ?? 0)))))
  const offsets = lights.map((light, row) => reference.mean.map((value, channel) => value - (gains[row]?.[channel] ?? 1) * (light.mean[channel] ?? 0)))
  const ofNearest = (rows: ReadonlyArray<readonly number[]>): Value => builder.node('Gather', [table(rows, [lights.length, 1, 1, count]), nearest], { axis: 0 })
  const stretched = builder.node('Add', [builder.node('Mul', [levels, ofNearest(gains)]), ofNearest(offsets)])
  const bounded = builder.node('Clip', [builder.node('Round', [stretched]), builder.scalar(0), builder.scalar(255)])
  builder.output('adapted', builder.node('Cast', [bounded], { to: wireNumber('uint8') }), 'uint8', ['N', 'H', 'W', 'C'])
  return builder.build()
}
