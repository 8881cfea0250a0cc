/** Trains a small network on the device asked for and answers how that went. */
import { serveParent, type Work } from '../process-of-its-own.ts'
import { adamw } from '../graph/optimisers/adamw.ts'
import type { Device } from '../runtime/loaded-model.ts'
import { convolution } from './network/layers.ts'
import { residualBlock, upsamplingBlock } from './network/blocks.ts'
import { meanOf } from './network/losses.ts'
import { NetworkBuilder } from './network/network-builder.ts'
import type { Network } from './network/network-builder.ts'
import { stepRandom } from './step-random.ts'
import { train } from './train.ts'

export interface StepTimes {
  /** One per step. */
  losses: number[]
  /** Of the last step: the first compiles and allocates. */
  milliseconds: number
}

export type DeviceTrialJob = Work<{ device: Device, threads: number }, never, StepTimes>

/** The second loss shows what the first step made of the weights. */
const steps = 2
const picture: readonly [number, number, number, number] = [4, 3, 64, 64]
const seed = 1

/** Encoder, decoder and the square of what is not made again: the shapes that the families train. */
function smallNetwork (): Network {
  const network = new NetworkBuilder('trial')
  const [batch, channels, height, width] = picture
  const input = network.map('picture', batch, { channels, height, width })
  const narrow = residualBlock(network, 'encoder', convolution(network, 'stem', input, { channels: 16, stride: 2 }), { channels: 32, stride: 2 })
  const wide = upsamplingBlock(network, 'last', upsamplingBlock(network, 'first', narrow, 16), 16)
  const made = convolution(network, 'picture', wide, { channels, gain: 1 })
  const difference = network.graph.node('Sub', [made.value, input.value])
  network.graph.output('loss', meanOf(network, network.graph.node('Mul', [difference, difference])), 'float32', [])
  return network.build()
}

serveParent<DeviceTrialJob>(async ({ device, threads }) => {
  let [began, milliseconds] = [0, 0]
  const { losses } = await train({
    network: smallNetwork(),
    optimiser: adamw(),
    steps,
    learningRate: () => 0.001,
    seed,
    feeds: (step) => {
      const random = stepRandom(seed, step)
      return { picture: { type: 'float32', dims: picture, data: Float32Array.from({ length: picture.reduce((product, size) => product * size) }, () => random() - 0.5) } }
    }
  }, {
    device,
    threads,
    stepsPerRun: 1,
    step: (_stage, done) => {
      const now = performance.now()
      if (done === steps) milliseconds = now - began
      began = now
      return Promise.resolve()
    }
  })
  return { losses: [...losses], milliseconds }
})
