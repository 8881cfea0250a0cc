/** `goodparts bench training`: how fast the families that learn from nothing train here. */
import type { Command } from 'commander'
import { namedNuisances } from '../../../engine/detectors/augmentation-selection/augmentation-option.ts'
import { contrastiveDefaults, readContrastiveOptions } from '../../../engine/detectors/contrastive/options.ts'
import { contrastiveTraining } from '../../../engine/detectors/contrastive/training.ts'
import { reconstructionDefaults } from '../../../engine/detectors/reconstruction/options.ts'
import { reconstructionTraining } from '../../../engine/detectors/reconstruction/training.ts'
import { seededRandom } from '../../../engine/random.ts'
import type { Device } from '../../../engine/runtime/loaded-model.ts'
import { toFloatImage, type FloatImage } from '../../../engine/training/augment/float-image.ts'
import type { Training } from '../../../engine/training/train.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { deviceName, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { texturedImages } from './sample-bundle.ts'
import { measureTraining } from './training-measurement.ts'
import type { TrainingMeasurement } from './training-measurement.ts'

interface Options { device: Device, threads: number, steps: number, loop: number, seed: number, json?: string }

interface Subject { name: string, training: Training }

const pictures = 16
const channels = 3

export function registerTraining (bench: Command): void {
  bench.command('training')
    .description('train steps and images per second of the families that learn from nothing, at their default sizes, beside the forward pass alone and beside several steps in one run')
    .option('--steps <number>', 'train steps to time of each', wholeNumber(1), 20)
    .option('--loop <steps>', 'train steps in one run, beside as many runs', wholeNumber(2), 8)
    .option('--device <device>', 'cpu, cuda, tensorrt or webgpu', deviceName, 'cpu')
    .option('--threads <number>', 'intra-op threads of each session', wholeNumber(1), 1)
    .option('--seed <number>', 'of pictures and weights', wholeNumber(0), 0)
    .option('--json <file>', 'write the figures there')
    .action(benchTraining)
}

async function benchTraining (options: Options): Promise<void> {
  const rows: Array<TrainingMeasurement & { name: string }> = []
  for (const { name, training } of subjects(options.seed)) rows.push({ name, ...await measureTraining(training, { ...options, loopOf: options.loop }) })
  const where = await measuredOn()
  const header = ['network', 'images/step', 'steps/s', 'images/s', 'step p50 ms', 'pictures', 'forward', 'step / forward', `1 of ${options.loop} in a run`, 'in a run / alone']
  const table = textTable(header, rows.map(({ name, imagesPerStep, stepsPerSecond, imagesPerSecond, step, pictures, forward, ratio, loop }) =>
    [name, String(imagesPerStep), stepsPerSecond.toFixed(2), imagesPerSecond.toFixed(1), ...[step, pictures, forward].map((time) => time.toFixed(2)), ratio.toFixed(2), loop.step.toFixed(2), loop.ratio.toFixed(2)]))
  process.stdout.write(`${table}\n\nA step is forward, backward and optimiser in one graph, and the pictures that go in; the ratios leave the pictures out. In turns, one run, ${options.steps} steps of each. ` +
    `Device ${options.device}, ${options.threads} ${options.threads === 1 ? 'thread' : 'threads'}, seed ${options.seed}.\n${measuredOnText(where)}\n`)
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'training', ...options, ...where, rows }, null, 2)}\n`)
}

function subjects (seed: number): Subject[] {
  const { size } = reconstructionDefaults
  const contrastive = (method: 'cutpaste' | 'simclr'): Subject => {
    const options = readContrastiveOptions({ method })
    return { name: `contrastive ${method} ${options.patch}`, training: contrastiveTraining(texturedPictures(contrastiveDefaults.size, seed), channels, options, namedNuisances(options.augmentation), seed) }
  }
  return [
    { name: `reconstruction ${reconstructionDefaults.loss} ${size}`, training: reconstructionTraining(texturedPictures(size, seed), { size, channels }, reconstructionDefaults, namedNuisances(reconstructionDefaults.augmentation), seed) },
    contrastive('cutpaste'),
    contrastive('simclr')
  ]
}

function texturedPictures (size: number, seed: number): FloatImage[] {
  const { data } = texturedImages(seededRandom(seed), pictures, size, size, channels)
  const each = size * size * channels
  return Array.from({ length: pictures }, (_, index) => toFloatImage({ data: (data as Uint8Array).subarray(index * each, (index + 1) * each), width: size, height: size, channels }))
}
