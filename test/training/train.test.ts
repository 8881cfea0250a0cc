import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeModel } from '../../engine/graph/encode.ts'
import { adamw } from '../../engine/graph/optimisers/adamw.ts'
import { cosineSchedule } from '../../engine/graph/optimisers/schedule.ts'
import { normal } from '../../engine/random.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import { residualBlock } from '../../engine/training/network/blocks.ts'
import { exportInference } from '../../engine/training/network/export-inference.ts'
import { convolution, globalAverage, linear } from '../../engine/training/network/layers.ts'
import { NetworkBuilder } from '../../engine/training/network/network-builder.ts'
import type { Network } from '../../engine/training/network/network-builder.ts'
import { stepRandom } from '../../engine/training/step-random.ts'
import { Checkpoint } from '../../engine/training/checkpoint.ts'
import { train } from '../../engine/training/train.ts'
import type { Feeds, Training, TrainingWork } from '../../engine/training/train.ts'

const batch = 8
const edge = 12
const work: TrainingWork = { threads: 1, step: () => Promise.resolve() }
let folder = ''

beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'goodparts-training-')) })
afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

/** Tells pictures with a bright spot from those without. @param count `N`, or the batch of training, with its loss. */
function spotNetwork (count: number | 'N'): Network {
  const builder = new NetworkBuilder('spots')
  const { graph } = builder
  const x = builder.map('x', count, { channels: 1, height: edge, width: edge })
  const first = residualBlock(builder, 'first', convolution(builder, 'stem', x, { channels: 8 }), { channels: 8, stride: 2 })
  const last = residualBlock(builder, 'second', first, { channels: 8 })
  const logit = linear(builder, 'head', globalAverage(builder, last), { inputs: 8, outputs: 1 })
  graph.output('logit', logit, 'float32', [count, 1])
  if (count !== 'N') {
    const target = graph.input('target', 'float32', [count, 1])
    // log(1 + e^z) - t z
    const each = graph.node('Sub', [graph.node('Softplus', [logit]), graph.node('Mul', [target, logit])])
    graph.output('loss', graph.node('ReduceMean', [each], { keepdims: 0 }), 'float32', [])
  }
  return builder.build()
}

function spots (step: number): Feeds {
  const random = stepRandom(5, step)
  const x = Float32Array.from({ length: batch * edge * edge }, () => 0.5 * normal(random))
  const target = Float32Array.from({ length: batch }, (_, index) => index % 2)
  target.forEach((spot, index) => { if (spot === 1) x[index * edge * edge + 13 + Math.floor(random() * 100)]! += 6 })
  return { x: { type: 'float32', dims: [batch, 1, edge, edge], data: x }, target: { type: 'float32', dims: [batch, 1], data: target } }
}

function training (change: Partial<Training> = {}): Training {
  return { network: spotNetwork(batch), optimiser: adamw(), steps: 10, learningRate: cosineSchedule({ base: 0.01, steps: 150 }), clipNorm: 1, seed: 3, feeds: spots, ...change }
}

describe('train', () => {
  it('learns a task that has two classes, and what is exported knows it', async () => {
    const { weights, losses } = await train(training({ steps: 150 }), work)
    expect(losses).toHaveLength(150)
    const session = await openSession(encodeModel(exportInference(spotNetwork('N'), weights)))
    let right = 0
    for (let step = 1000; step < 1020; step++) {
      const { x, target } = spots(step)
      const { logit } = await session.run({ x: x! })
      logit!.data.forEach((value, index) => { if ((value > 0) === (target!.data[index] === 1)) right++ })
    }
    await session.close()
    expect(right / (20 * batch)).toBeGreaterThanOrEqual(0.99)
  })

  it('gives the same curve for the same seed, another for another', async () => {
    const first = await train(training(), work)
    expect(await train(training(), work)).toEqual(first)
    expect((await train(training({ seed: 4 }), work)).losses).not.toEqual(first.losses)
  })

  const open = (path: string, of = 'spots'): Promise<Checkpoint> => Checkpoint.open(join(folder, path), { of, every: 5 })

  it('goes on from a checkpoint as if it had never stopped, to the last bit, and takes it away', async () => {
    const whole = await train(training(), work)
    const interrupted = (_stage: string, done: number): Promise<void> => done === 7 ? Promise.reject(new Error('stopped')) : Promise.resolve()
    await expect(train(training(), { ...work, checkpoint: await open('resumed'), step: interrupted })).rejects.toThrow('stopped')
    expect(await readdir(folder)).toEqual(['resumed'])
    let first = -1
    const checkpoint = await open('resumed')
    let told: readonly number[] = []
    const resumed = await train(training(), { ...work, checkpoint, trained: (losses) => { told = losses }, step: (_stage, done) => { if (first < 0) first = done; return Promise.resolve() } })
    expect(first).toBe(5)
    expect(resumed).toEqual(whole)
    await writeFile(join(folder, 'resumed.3b0c8f7e-1d2a-4c5b-9e6f-7a8b9c0d1e2f.part'), 'killed while it wrote')
    await checkpoint.remove()
    expect(await readdir(folder)).toEqual([])
    expect(told).toEqual(whole.losses)
  })

  it('gives the same by several steps in a run, whose number divides neither the steps nor those between two checkpoints', async () => {
    const several = { ...work, stepsPerRun: 4 }
    const whole = await train(training(), work)
    const seen: Array<[number, number | undefined]> = []
    const told = (_stage: string, done: number, _total: number, loss?: number): Promise<void> => {
      seen.push([done, loss])
      return Promise.resolve()
    }
    expect(await train(training(), { ...several, step: told })).toEqual(whole)
    expect(seen).toEqual([[0, undefined], ...whole.losses.map((loss, index) => [index + 1, loss])])
    const interrupted = (_stage: string, done: number): Promise<void> => done === 7 ? Promise.reject(new Error('stopped')) : Promise.resolve()
    await expect(train(training(), { ...several, checkpoint: await open('several'), step: interrupted })).rejects.toThrow('stopped')
    expect((await open('several')).training).toMatchObject({ step: 5, losses: { length: 5 } })
    expect(await train(training(), { ...several, checkpoint: await open('several') })).toEqual(whole)
    await rm(join(folder, 'several'))
  })

  it('remembers choices beside the training', async () => {
    const first = await open('choices')
    expect(await first.remember('size', () => Promise.resolve({ size: 64 }))).toEqual({ size: 64 })
    await train(training({ steps: 5 }), { ...work, checkpoint: first })
    const again = await open('choices')
    expect(await again.remember('size', () => Promise.reject(new Error('asked twice')))).toEqual({ size: 64 })
    expect(again.training?.step).toBe(5)
  })

  it('keeps the losses of the steps that it has reached, whatever is remembered later', async () => {
    const checkpoint = await open('later')
    await train(training({ steps: 7 }), { ...work, checkpoint })
    await checkpoint.remember('scale', () => Promise.resolve('fine'))
    expect((await open('later')).training).toMatchObject({ step: 5, losses: { length: 5 } })
  })

  it('refuses a checkpoint of another training, of other work, and a file that is none', async () => {
    await train(training({ steps: 5 }), { ...work, checkpoint: await open('other') })
    await expect(train(training({ seed: 9 }), { ...work, checkpoint: await open('other') })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
    await expect(open('other', 'stripes')).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT', message: expect.stringContaining('the same work') as string })
    await writeFile(join(folder, 'other'), 'not one')
    await expect(open('other')).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })

  it('reports each step with its loss, and stops where it is told to', async () => {
    const seen: Array<[number, number, number | undefined]> = []
    const { losses } = await train(training({ steps: 3 }), { threads: 1, step: (_stage, done, total, loss) => { seen.push([done, total, loss]); return Promise.resolve() } })
    expect(seen).toEqual([[0, 3, undefined], [1, 3, losses[0]], [2, 3, losses[1]], [3, 3, losses[2]]])
  })

  it('says when the loss runs away', async () => {
    const feeds = (step: number): Feeds => ({ ...spots(step), target: { type: 'float32', dims: [batch, 1], data: new Float32Array(batch).fill(NaN) } })
    await expect(train(training({ feeds }), work)).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('step 1 of 10') as string })
    const later = (step: number): Feeds => step === 3 ? feeds(step) : spots(step)
    await expect(train(training({ feeds: later }), { ...work, stepsPerRun: 5 })).rejects.toMatchObject({ code: 'GOODPARTS_FIT_FAILED', message: expect.stringContaining('step 3 of 10') as string })
  })
})
