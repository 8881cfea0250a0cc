/** Times the product's own training beside the forward pass alone and beside several steps in one run, in turns, in one run. */
import { encodeModel } from '../../../engine/graph/encode.ts'
import { loopSteps } from '../../../engine/graph/loop-steps.ts'
import { stepName } from '../../../engine/graph/train-step.ts'
import { upperMedian } from '../../../engine/quantile.ts'
import type { Device } from '../../../engine/runtime/loaded-model.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'
import type { Tensor } from '../../../engine/runtime/onnx-runtime.ts'
import { beginningState, feedsOfSteps, stepOf, train } from '../../../engine/training/train.ts'
import type { Training } from '../../../engine/training/train.ts'

export interface TrainingMeasurement {
  /** Train steps that were timed. */
  steps: number
  /** Pictures, or crops of them, in a step. */
  imagesPerStep: number
  stepsPerSecond: number
  imagesPerSecond: number
  /** Medians, milliseconds. `step` is all of a train step, `pictures` the share of it that draws and changes pictures, `forward` the forward pass to the loss, by itself. */
  step: number
  pictures: number
  forward: number
  /** A train step without its pictures, over the forward pass: what backward and optimiser add. */
  ratio: number
  /** Several steps in one run: milliseconds of each, and over a train step without its pictures. */
  loop: { steps: number, step: number, ratio: number }
}

/** First steps, which allocate what later ones take up again. */
const warmUp = 3

export async function measureTraining (training: Training, { device, threads, steps, loopOf, seed }: { device: Device, threads: number, steps: number, loopOf: number, seed: number }): Promise<TrainingMeasurement> {
  const step = stepOf(training, device)
  const looped = loopSteps(step, loopOf)
  const state = tensorsOf(beginningState({ ...training, seed }, step), step.state)
  const weights = Object.fromEntries(training.network.parameters.map(({ name }) => [name, state[name] as Tensor]))
  const several = { ...state, ...await feedsOfSteps(training, 1, loopOf), [stepName]: { type: 'float32', dims: [], data: Float32Array.of(1) } } as const
  const sessions = [await openSession(encodeModel(training.network.graph), { device, threads }), await openSession(encodeModel(looped.graph), { device, threads })] as const
  const times = { step: [] as number[], pictures: [] as number[], forward: [] as number[], loop: [] as number[] }
  let [began, pictures] = [0, 0]
  try {
    const first = await training.feeds(1)
    await train({
      ...training,
      seed,
      steps: warmUp + steps,
      feeds: async (number) => {
        const start = performance.now()
        const feeds = await training.feeds(number)
        pictures = performance.now() - start
        return feeds
      }
    }, {
      device,
      threads,
      stepsPerRun: 1,
      // What is compared runs between two steps of the training, outside its time.
      step: async (_stage, done) => {
        const now = performance.now()
        if (done > warmUp) {
          times.step.push(now - began)
          times.pictures.push(pictures)
        }
        const forward = await milliseconds(() => sessions[0].run({ ...weights, ...first }))
        const loop = done % loopOf === 0 ? await milliseconds(() => sessions[1].run(several)) : null
        if (done > 0) times.forward.push(forward)
        if (done > 0 && loop !== null) times.loop.push(loop / loopOf)
        began = performance.now()
      }
    })
    return measurement(times, loopOf, Object.values(first)[0]?.dims[0] ?? 0)
  } finally {
    for (const session of sessions) await session.close()
  }
}

function measurement (times: Record<'step' | 'pictures' | 'forward' | 'loop', number[]>, loopOf: number, imagesPerStep: number): TrainingMeasurement {
  const [step, pictures, forward, loop] = [times.step, times.pictures, times.forward, times.loop].map(upperMedian) as [number, number, number, number]
  const alone = upperMedian(times.step.map((time, index) => time - (times.pictures[index] as number)))
  const stepsPerSecond = 1000 * times.step.length / times.step.reduce((sum, time) => sum + time, 0)
  return { steps: times.step.length, imagesPerStep, stepsPerSecond, imagesPerSecond: stepsPerSecond * imagesPerStep, step, pictures, forward, ratio: alone / forward, loop: { steps: loopOf, step: loop, ratio: loop / alone } }
}

function tensorsOf (state: Readonly<Record<string, Float32Array>>, shapes: ReadonlyArray<{ name: string, shape: readonly number[] }>): Record<string, Tensor> {
  return Object.fromEntries(shapes.map(({ name, shape }) => [name, { type: 'float32', dims: shape, data: state[name] as Float32Array }]))
}

async function milliseconds (run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
