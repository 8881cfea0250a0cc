/** Any ONNX model as explanation needs it: answers to masked pictures, and what its layers say. Blocks the thread that it runs in. */
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import { metadataKey } from '../../bundle/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { decodeModel } from '../../graph/decode.ts'
import { cutAt } from '../../graph/edit.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Graph, Value } from '../../graph/graph.ts'
import { gradient, gradientName } from '../../graph/gradient/gradient.ts'
import { readMetadata } from '../../graph/metadata.ts'
import { quantile } from '../../quantile.ts'
import { openSession, type GraphSession, type Tensor } from '../../runtime/onnx-runtime.ts'
import type { ExplanationTarget } from '../explainer.ts'
import type { MapValues } from '../map-rows.ts'
import { LayerStitching } from './layer-stitching.ts'
import { describeInput, maskedInput, type ModelInput, type Preprocessing } from './model-input.ts'
import { classOutput, confidenceOf, gradientDirection, scoreOutput, targetValue, type TargetValue } from './model-target.ts'
import { withRandomWeights } from './random-weights.ts'
import { candidateLayers, spatialLayers, type SpatialLayer } from './spatial-layers.ts'
import type { WorkingPicture } from './working-picture.ts'

export interface ExplainedModelOptions {
  /** Of a float input; default: the mean and deviation of ImageNet. */
  preprocessing?: Preprocessing
  /** The output that answers, of a model whose own names do not tell: `(N)` or `(N, 1)` is a score, anything else holds classes. */
  output?: Value
}

export interface LayerGradient extends SpatialLayer {
  /** `(C, h, w)` */
  activation: Float32Array
  gradient: Float32Array
}

/** Input of gradient graphs: the direction in which the target's numbers move. */
const upstream = 'goodparts-direction'

export class ExplainedModel {
  readonly graph: Graph
  /** `null` for a model that is no bundle. */
  readonly metadata: BundleMetadata | null
  readonly input: ModelInput
  readonly #output: Value | null
  readonly #stitching: LayerStitching | null
  /** Of good parts, ascending; none of a model that is no bundle. */
  #goodScores: readonly number[]
  readonly #sessions = new Map<string, Promise<GraphSession>>()
  readonly #layers = new Map<Value, Promise<SpatialLayer[]>>()

  private constructor (graph: Graph, metadata: BundleMetadata | null, input: ModelInput, output: Value | null) {
    this.graph = graph
    this.metadata = metadata
    this.input = input
    this.#output = output
    this.#stitching = LayerStitching.of(metadata)
    this.#goodScores = metadata?.calibration.scores ?? []
  }

  /** @throws GOODPARTS_GRAPH_INVALID, GOODPARTS_EXPLANATION_FAILED for a model that does not take pictures, GOODPARTS_ARGUMENT for an output that it does not have. */
  static open (bytes: Uint8Array, options: ExplainedModelOptions = {}): ExplainedModel {
    const text = readMetadata(bytes)[metadataKey]
    const metadata = text === undefined ? null : JSON.parse(text) as BundleMetadata
    const graph = decodeModel(bytes)
    const output = options.output ?? null
    scoreOutput(graph, output)
    return new ExplainedModel(graph, metadata, describeInput(graph, metadata, options.preprocessing), output)
  }

  /** Another model, with the same network and nothing learned in it; what it scores `good` is what its scores are read against, as the bundle's are of another network. */
  async withRandomWeights (seed: number, good: readonly WorkingPicture[]): Promise<ExplainedModel> {
    const random = new ExplainedModel(withRandomWeights(this.graph, seed), this.metadata, this.input, this.#output)
    if (random.hasScore) random.#goodScores = await random.#scores(good)
    return random
  }

  /** How far good parts' scores reach above their median: to the 95 % quantile of the calibration. 0 of a model that is no bundle. */
  get goodSpread (): number {
    return this.#goodScores.length === 0 ? 0 : quantile(this.#goodScores, 0.95) - this.#goodScore()
  }

  get hasMap (): boolean {
    return this.graph.outputs.some(({ name }) => name === 'map')
  }

  get hasClasses (): boolean {
    return classOutput(this.graph, this.#output) !== null
  }

  /** Whether its only class is its score: one number for each picture, `(N, 1)`, that no sigmoid has made a probability. */
  get isScoreAlone (): boolean {
    return this.hasClasses && classOutput(this.graph, this.#output) === scoreOutput(this.graph, this.#output) && this.target({ kind: 'class', index: 0 }).confidence === 'sigmoid'
  }

  get hasScore (): boolean {
    return scoreOutput(this.graph, this.#output) !== null
  }

  /** How much speaks for the target in `picture · mask + baseline · (1 - mask)`, for each mask; `null` is the picture itself. */
  async confidences (picture: WorkingPicture, masks: ReadonlyArray<Float32Array | null>, target: ExplanationTarget): Promise<number[]> {
    const value = this.target(target)
    const results: number[] = []
    for (const part of this.#inBatches(masks)) {
      const input = this.#shown(picture, part)
      const answer = floats((await this.#run('answer', () => this.graph, input, [value.output]))[value.output], value.output)
      const width = answer.data.length / (input.dims[0] ?? 1)
      part.forEach((_, index) => results.push(confidenceOf(answer.data.subarray(index * width, (index + 1) * width), target, value.confidence, this.#goodScore())))
    }
    return results
  }

  /** The class that the model finds likeliest, of those that may be. */
  async likeliestClass (picture: WorkingPicture, mayBe: (index: number) => boolean = () => true): Promise<number> {
    const classes = (await this.#classes(picture)).map((answer, index) => mayBe(index) ? answer : -Infinity)
    return classes.indexOf(Math.max(...classes))
  }

  /** The detector's own map. @throws GOODPARTS_EXPLANATION_FAILED for a model without. */
  async anomalyMap (picture: WorkingPicture): Promise<MapValues> {
    if (!this.hasMap) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', 'Expected the model to have the output map, got none')
    const { data, dims } = floats((await this.#run('answer', () => this.graph, this.#shown(picture, [null]), ['map']))['map'], 'map')
    const [height = 0, width = 0] = dims.slice(-2)
    return { values: data.subarray(0, height * width), height, width }
  }

  target (target: ExplanationTarget): TargetValue {
    return targetValue(this.graph, target, this.#output)
  }

  /** From fine to coarse; see `spatialLayers`. Of a model that sees tiles: of the whole picture, laid together. */
  async layers (picture: WorkingPicture, target: ExplanationTarget): Promise<SpatialLayer[]> {
    const { differentiated } = this.target(target)
    const known = this.#layers.get(differentiated) ?? this.#findLayers(picture, differentiated)
    this.#layers.set(differentiated, known)
    return (await known).map((layer) => ({ ...layer, ...this.#stitching?.sizeOf(layer) }))
  }

  /** The layers' maps `(C, h, w)` for the picture, in the order of `layers`. */
  async activations (picture: WorkingPicture, layers: readonly SpatialLayer[]): Promise<Float32Array[]> {
    const names = layers.map(({ value }) => value)
    const answers = await this.#run(`layers ${names.join(' ')}`, () => cutAt(this.graph, names), this.#shown(picture, [null]), names)
    return names.map((name) => this.#wholePicture(floats(answers[name], name)))
  }

  /**
   * The layers' maps and the gradients that arrive there, each `(C, h, w)`: of the target's logit (or score), or of its confidence up to a
   * positive factor. Only what follows the layers is differentiated, so that the type of the input does not matter.
   * @throws GOODPARTS_GRAPH_INVALID naming the operator where there is no way back.
   */
  async gradients (picture: WorkingPicture, layers: readonly SpatialLayer[], target: ExplanationTarget, of: 'logit' | 'confidence'): Promise<LayerGradient[]> {
    const { output, differentiated, exclusive } = this.target(target)
    const names = layers.map(({ value }) => value)
    const input = this.#shown(picture, [null])
    const build = (): Graph => gradient(cutAt(this.graph, [differentiated, ...names]), {
      of: differentiated, withRespectTo: names, upstream, inputShapes: { [this.input.name]: input.dims }
    })
    const session = await this.#session(`gradients of ${differentiated} at ${names.join(' ')} for ${input.dims.join(' ')}`, build)
    const width = target.kind === 'score' ? 1 : (await this.#classes(picture)).length
    const pictures = input.dims[0] ?? 1
    const rank = this.graph.outputs.find(({ name }) => name === output)?.shape?.length ?? (target.kind === 'score' ? 1 : 2)
    const arriving = (direction: Float32Array): Record<string, Tensor> => {
      const data = new Float32Array(pictures * width)
      data.set(direction)
      return { [this.input.name]: input, [upstream]: { type: 'float32', dims: rank === 1 ? [pictures] : [pictures, width], data } }
    }
    const values = floats((await session.run(arriving(new Float32Array(0)), [differentiated]))[differentiated], differentiated).data
    const answers = await session.run(arriving(gradientDirection(values.subarray(0, width), target, of, exclusive)), [...names, ...names.map(gradientName)])
    return layers.map((layer) => ({
      ...layer,
      activation: this.#wholePicture(floats(answers[layer.value], layer.value)),
      gradient: this.#wholePicture(floats(answers[gradientName(layer.value)], layer.value))
    }))
  }

  async close (): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    // One that could not be opened needs no closing.
    await Promise.allSettled(sessions.map(async (session) => { await (await session).close() }))
  }

  /** `(C, h, w)` of a layer's answer, whose first axis are the tiles where there are any. */
  #wholePicture ({ data, dims }: Tensor & { type: 'float32' }): Float32Array {
    return this.#stitching === null ? firstOf(data, dims) : this.#stitching.stitch(data, dims[1] ?? 0, { height: dims[2] ?? 0, width: dims[3] ?? 0 })
  }

  async #findLayers (picture: WorkingPicture, target: Value): Promise<SpatialLayer[]> {
    const candidates = candidateLayers(this.graph, target)
    const shapeOf = (value: Value): Value => `${value}/goodparts-shape`
    const withShapes: Graph = {
      ...this.graph,
      nodes: [...this.graph.nodes, ...candidates.map((value) => ({ name: shapeOf(value), operator: 'Shape', domain: '', inputs: [value], outputs: [shapeOf(value)], attributes: {} }))],
      outputs: candidates.map((value) => ({ name: shapeOf(value), type: 'int64' as const, shape: null }))
    }
    const session = await openSession(encodeModel(cutAt(withShapes, candidates.map(shapeOf))))
    try {
      const answers = await session.run({ [this.input.name]: this.#shown(picture, [null]) })
      const shapes = new Map(candidates.map((value) => [value, Array.from(answers[shapeOf(value)]?.data ?? [], Number)]))
      return spatialLayers(this.graph, target, shapes)
    } finally {
      await session.close()
    }
  }

  /** What the model answers for each class. */
  async #classes (picture: WorkingPicture): Promise<Float32Array> {
    const { output } = this.target({ kind: 'class', index: 0 })
    const { data, dims } = floats((await this.#run('answer', () => this.graph, this.#shown(picture, [null]), [output]))[output], output)
    return firstOf(data, dims)
  }

  /** The picture behind each mask, and again where the model insists on more pictures in a pass. */
  #shown (picture: WorkingPicture, masks: ReadonlyArray<Float32Array | null>): Tensor {
    const missing = Math.max(0, (this.input.batch ?? 0) - masks.length)
    return maskedInput(this.input, picture, [...masks, ...new Array<null>(missing).fill(null)])
  }

  async #run (key: string, graph: () => Graph, input: Tensor, outputs: readonly string[]): Promise<Record<string, Tensor>> {
    return (await this.#session(key, graph)).run({ [this.input.name]: input }, outputs)
  }

  async #session (key: string, graph: () => Graph): Promise<GraphSession> {
    const session = this.#sessions.get(key) ?? (async () => openSession(encodeModel(graph())))()
    this.#sessions.set(key, session)
    return session
  }

  #inBatches<T> (items: readonly T[]): T[][] {
    const size = this.input.batch ?? items.length
    return Array.from({ length: Math.ceil(items.length / Math.max(1, size)) }, (_, index) => items.slice(index * size, (index + 1) * size))
  }

  /** Ascending. */
  async #scores (pictures: readonly WorkingPicture[]): Promise<number[]> {
    const scores: number[] = []
    for (const picture of pictures) {
      const { data } = floats((await this.#run('answer', () => this.graph, maskedInput(this.input, picture, [null]), ['score']))['score'], 'score')
      scores.push(data[0] as number)
    }
    return scores.sort((a, b) => a - b)
  }

  /** The median of the good parts. */
  #goodScore (): number {
    return this.#goodScores[this.#goodScores.length >> 1] ?? 0
  }
}

/** Of a tensor whose first axis are pictures, what belongs to the first. */
function firstOf (data: Float32Array, dims: readonly number[]): Float32Array {
  return data.subarray(0, data.length / (dims[0] ?? 1))
}

function floats (tensor: Tensor | undefined, name: string): Tensor & { type: 'float32' } {
  if (tensor?.type === 'float32') return tensor
  throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected ${name} to be float32, got ${tensor?.type ?? 'nothing'}`)
}
