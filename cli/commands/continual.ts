/** `goodparts continual`: task after task with a bounded memory, replay policies compared on the same seeds. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { efficientNetLite0 } from '../../engine/backbones/backbone.ts'
import { replayPolicies, replayPolicyByName } from '../../engine/continual/buffers/registry.ts'
import { headByName, heads, type LatentSource } from '../../engine/continual/learners/registry.ts'
import type { Latent } from '../../engine/continual/learners/tail-graph.ts'
import { PictureEmbedding } from '../../engine/continual/picture-embedding.ts'
import { PictureLatents } from '../../engine/continual/picture-latents.ts'
import { comparePolicies } from '../../engine/continual/protocol/compare-policies.ts'
import { embedPictures, fashionPictures, inspectionPictures, type EmbeddedPicture, type LabelledPicture } from '../../engine/continual/protocol/embedded-pictures.ts'
import { FeatureFile } from '../../engine/continual/protocol/feature-file.ts'
import { frozenLearning } from '../../engine/continual/protocol/frozen-learning.ts'
import { pixelPictures } from '../../engine/continual/protocol/pixel-pictures.ts'
import { scratchLearning } from '../../engine/continual/protocol/scratch-learning.ts'
import { gateDefaults } from '../../engine/continual/detector-update/acceptance-gate.ts'
import { updateModes } from '../../engine/continual/detector-update/candidate-model.ts'
import { protocolByName, protocols } from '../../engine/continual/protocol/protocols.ts'
import { planTasks, type TaskPlan } from '../../engine/continual/protocol/task-plan.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { ContinualReport } from '../../schemas/continual.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn } from '../measured-on.ts'
import { readSetting, wholeNumber } from '../option-values.ts'
import { printReport } from '../print-report.ts'
import { Progress } from '../progress.ts'
import { continualPage } from './continual/page.ts'
import { continualText } from './continual/summary.ts'
import { checkOptions, continualUpdates, type UpdatesOptions } from './continual/updates.ts'

interface Options extends UpdatesOptions {
  head: string[]
  noise: number
  crops?: number
  classesPerTask?: number
  train: number
  test: number
  features?: string
  fromScratch?: true
}

const fashion = 'fashion-mnist'
/** Edges that pictures are embedded at. */
const inspectionSize = 224
const fashionSize = 64
/** The same where a network is trained from scratch. */
const scratchSize = 64
const fashionScratchSize = 28
/** What the layers of a backbone need. */
const smallestSize = 32

export function register (program: Command): void {
  program.command('continual')
    .description('compare replay policies, or update a detector, while products come one after the other')
    .argument('<dataset...>', `data sets as for evaluate, in the order in which their products come, or ${fashion} (Debian's dataset-fashion-mnist) alone`)
    .option('--protocol <name>', `what changes from task to task: ${protocols.map(({ name, description }) => `${name}, ${description}`).join('; ')}`, 'products')
    .option('--detector <name>', 'instead of classifiers, a detector that learns from good parts only: fitted on the first task, then updated through the gate, beside fits on everything so far')
    .option('--head <names>', `classifiers to compare on the first policy's memory, beside offline training: of ${heads.map(({ name }) => name).join(', ')}, separated by commas; none for none; where nothing is said, those that are quick`, names, heads.filter(({ isSlow }) => isSlow !== true).map(({ name }) => name))
    .option('--policies <names>', `of ${replayPolicies.map(({ name }) => name).join(', ')}, separated by commas`, names, replayPolicies.map(({ name }) => name))
    .option('--memory <pictures>', 'exemplars that may be kept; several, separated by commas, are compared, not with --detector', wholeNumbers, [200])
    .option('--noise <share>', 'of the training labels that are made wrong, within their task', share, 0)
    .option('--seeds <number>', 'runs of each, paired; one with --detector where nothing is said', wholeNumber(1), 5)
    .addOption(new Option('--from-scratch', 'compare the policies with a small convolutional network that begins at random weights, one pass over each task, instead of a head on frozen features').conflicts(['detector', 'head', 'features']))
    .option('--size <pixels>', `edge that pictures are seen at; ${inspectionSize}, Fashion-MNIST ${fashionSize}; from scratch ${scratchSize} and ${fashionScratchSize}`, wholeNumber(16))
    .option('--crops <pixels>', 'cut pictures with boxes into squares around them, labelled by their types', wholeNumber(8))
    .option('--classes-per-task <number>', 'tasks of so many classes in an order drawn per seed, instead of one task per product', wholeNumber(1))
    .option('--train <pictures>', `of ${fashion}, to train on`, wholeNumber(100), 10_000)
    .option('--test <pictures>', `of ${fashion}, to test on`, wholeNumber(100), 4000)
    .option('--mode <names>', `of a detector's update: of ${updateModes.join(', ')}, separated by commas`, names, ['extend'])
    .option('--labels <number>', 'good parts of each task that are labelled, with --detector', wholeNumber(1), 60)
    .option('--defects <number>', 'defects of each task that are labelled to check on, with --detector', wholeNumber(0), 20)
    .option('--bank <entries>', 'size of a patch memory', wholeNumber(1), 1000)
    .option('--scale <scale>', 'layers of a patch memory: standard, fine, three (all of both) or auto', 'standard')
    .option('--largest-drop <share>', 'of AUROC and of the share of defects caught that the gate lets pass; 1 shows what it prevents', share, gateDefaults.largestDrop)
    .option('--set <name=value>', 'any other option of the detector; may be given again', readSetting, {})
    .option('--features <file>', 'keep the pictures\' features there, and take them from there the next time')
    .option('--json <file>', 'write the figures there; - for standard output, without the table')
    .option('--report <file>', 'write a page with the comparison')
    .action((datasets: string[], options: Options, command: Command) => interruptible(async (signal) => {
      const { detector } = options
      checkOptions(command, detector !== undefined)
      if (options.fromScratch !== true && options.size !== undefined && options.size < smallestSize) {
        throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --size to be ${smallestSize} or more, got ${options.size}`, { fix: 'Smaller pictures can be seen with --from-scratch alone.' })
      }
      await (detector === undefined ? continual(datasets, options, signal) : continualUpdates(datasets, { ...options, detector }, command, signal))
    }))
}

async function continual (datasets: readonly string[], options: Options, signal: AbortSignal): Promise<void> {
  const policies = options.policies.map(replayPolicyByName)
  const isFromScratch = options.fromScratch === true
  const compared = isFromScratch ? [] : options.head.filter((name) => name !== 'none').map(headByName)
  const protocol = protocolByName(options.protocol)
  const progress = new Progress()
  try {
    const isFashion = datasets.length === 1 && datasets[0] === fashion
    const size = options.size ?? defaultSize(isFashion, isFromScratch)
    const read = protocol.arrange(await readPictures(datasets, isFashion, options))
    const pictures = isFromScratch ? await pixelPictures(read, size, (done, total) => progress.update('pictures', done, total), signal) : await embedded(read, { size, features: options.features ?? null }, progress, signal)
    const latents = compared.some(({ needsLatents }) => needsLatents === true) ? await latentsOf(read, size, progress, signal) : null
    const plan: TaskPlan = { classesPerTask: options.classesPerTask ?? (isFashion ? 2 : null), shuffleClasses: isFashion }
    const breathe = async (): Promise<void> => {
      await new Promise<void>((resolve) => { setImmediate(resolve) })
      signal.throwIfAborted()
    }
    const comparison = await comparePolicies({
      policies,
      memories: options.memory,
      heads: compared,
      noise: options.noise,
      seeds: options.seeds,
      learning: isFromScratch ? scratchLearning(size, breathe) : frozenLearning,
      ...(latents === null ? {} : { latentOf: latents }),
      tasksOf: (seed) => planTasks(pictures, plan, seed),
      progress: (done, total, what) => progress.update('runs', done, total, what),
      breathe
    })
    progress.clear()
    await printReport({
      schema: 'goodparts.continual/1',
      createdAt: new Date().toISOString(),
      protocol: `${isFashion ? 'Split Fashion-MNIST' : `${datasets.join(', ')}: ${plan.classesPerTask === null ? protocol.description : `tasks of ${plan.classesPerTask} classes`}`}, ${isFromScratch ? 'a small convolutional network from random weights, one pass' : 'features of a frozen backbone, linear head'}`,
      tasks: describeTasks(planTasks(pictures, plan, 0)),
      seeds: options.seeds,
      features: { backbone: isFromScratch ? 'none' : efficientNetLite0.name, size, numbers: pictures[0]?.features.length ?? 0 },
      ...comparison,
      command: ['goodparts', ...process.argv.slice(2)].join(' '),
      ...await measuredOn()
    }, options, { asPage: continualPage, asText: continualText })
  } finally {
    progress.clear()
  }
}

function defaultSize (isFashion: boolean, isFromScratch: boolean): number {
  if (isFromScratch) return isFashion ? fashionScratchSize : scratchSize
  return isFashion ? fashionSize : inspectionSize
}

async function readPictures (datasets: readonly string[], isFashion: boolean, { crops, train, test }: Options): Promise<LabelledPicture[]> {
  if (isFashion) return fashionPictures({ train, test })
  const lists: LabelledPicture[][] = []
  for (const path of datasets) lists.push(await inspectionPictures(path, crops ?? null))
  return lists.flat()
}

async function embedded (pictures: readonly LabelledPicture[], { size, features }: { size: number, features: string | null }, progress: Progress, signal: AbortSignal): Promise<EmbeddedPicture[]> {
  const embedding = await PictureEmbedding.open({ backbone: efficientNetLite0, size })
  try {
    return await embedPictures(pictures, embedding, (done, total) => progress.update('features', done, total), signal, features === null ? null : new FeatureFile(features, `${efficientNetLite0.name}, ${size} pixels`))
  } finally {
    await embedding.close()
  }
}

async function latentsOf (pictures: readonly LabelledPicture[], size: number, progress: Progress, signal: AbortSignal): Promise<LatentSource> {
  const known = new Map<string, Latent>()
  const front = await PictureLatents.open({ backbone: efficientNetLite0, size })
  try {
    for (const { id, read } of pictures) {
      signal.throwIfAborted()
      progress.update('activations', known.size, pictures.length)
      known.set(id, await front.of(await read()))
    }
  } finally {
    await front.close()
  }
  return (id) => known.get(id) as Latent
}

function describeTasks (tasks: ReturnType<typeof planTasks>): ContinualReport['tasks'] {
  return tasks.map(({ name, train, test }) => ({ name, classes: [...new Set([...train, ...test].map(({ label }) => label))], train: train.length, test: test.length }))
}

function names (text: string): string[] {
  return text.split(',').map((name) => name.trim()).filter((name) => name !== '')
}

function wholeNumbers (text: string): number[] {
  return names(text).map(wholeNumber(1))
}

function share (text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a share from 0 to 1, for example 0.2.')
  return value
}
