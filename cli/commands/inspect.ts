/** `goodparts inspect`: judge pictures, a video, a camera or a pipeline by a bundle, each frame once, none dropped. */
import type { Command } from 'commander'
import { createDecision, type Decision } from '../../engine/decision/decision.ts'
import { Inspector, type Inspection } from '../../engine/decision/inspector.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { readProductName } from '../../engine/label-text.ts'
import type { Frame } from '../../engine/frame/frame.ts'
import { loadModel } from '../../engine/runtime/inference-runtime.ts'
import type { DeviceRequest, LoadedModel } from '../../engine/runtime/loaded-model.ts'
import type { Verdict } from '../../schemas/inspection.ts'
import { interruptible } from '../interruptible.ts'
import { measuredOn } from '../measured-on.ts'
import { deviceRequest, readPair, wholeNumber } from '../option-values.ts'
import { writeOutput } from '../output-file.ts'
import { Progress } from '../progress.ts'
import { textTable } from '../text-table.ts'
import { HeatmapFolder } from './inspect/heatmap-folder.ts'
import { RecordFile } from './inspect/record-file.ts'
import { openSource, type InspectedSource } from './inspect/source.ts'

interface Options {
  bundle: string
  param: Record<string, string>
  device: DeviceRequest
  line: string
  product?: string
  limit?: number
  json?: string
  ndjson?: string
  saveHeatmaps?: string
}

interface Outcome {
  counts: Record<Verdict, number>
  /** Pictures that could not be read: in no other count. */
  unreadable: number
  /** What could not be read, and what the source reported. */
  warnings: string[]
  seconds: number
}

export function register (program: Command): void {
  program.command('inspect')
    .description('judge every picture of a source by a bundle')
    .argument('<source>', 'a folder of pictures, a picture, a video file, an rtsp:// or http:// address, or the id of a shipped pipeline')
    .requiredOption('--bundle <file>', 'the bundle to judge by')
    .option('--param <name=value>', 'a parameter of the pipeline; may be given again', readParameter, {})
    .option('--device <device>', 'auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'auto')
    .option('--line <name>', 'name of the line in the records', 'inspect')
    .option('--product <name>', 'name of the product in the records', (text) => readProductName(text, '--product'))
    .option('--limit <frames>', 'stop after so many', wholeNumber(1))
    .option('--json <file>', 'write the counts there; - for standard output, without the table')
    .option('--ndjson <file>', 'write a record for each frame there; - for standard output')
    .option('--save-heatmaps <folder>', 'write the map over each frame there, as JPEG')
    .addHelpText('after', '\nA camera\'s password is read from the environment variable GOODPARTS_CAMERA_PASSWORD, its user from --param user=NAME.\nrtsp://USER:PASSWORD@HOST works too, but shows the password to everybody who can list processes; so does --param password=….')
    .action((source: string, options: Options) => interruptible((signal) => inspect(source, options, signal)))
}

async function inspect (source: string, options: Options, signal: AbortSignal): Promise<void> {
  if (options.json === '-' && options.ndjson === '-') throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected one of --json and --ndjson to be standard output, got both')
  const progress = new Progress()
  const warnings: string[] = []
  let unreadable = 0
  const warn = (text: string): void => {
    warnings.push(text)
    progress.print(`Warning: ${text}`)
  }
  const heatmaps = options.saveHeatmaps === undefined ? undefined : await HeatmapFolder.open(options.saveHeatmaps)
  const opened = await openSource(source, { parameters: options.param, signal, warn, onUnreadable: () => { unreadable++ } })
  const model = await loadModel(options.bundle, { device: options.device })
  try {
    const { counts, seconds } = await inspectAll(opened, model, { ...options, heatmaps }, progress, signal)
    progress.clear()
    if (areUnlike(counts)) warn(unlike(model.metadata.name, counts))
    await print(opened.name, model, { counts, seconds, warnings, unreadable }, options)
    if (!signal.aborted && Object.values(counts).every((count) => count === 0)) throw new GoodpartsError('GOODPARTS_IMAGE_DECODE', `Expected ${opened.name} to give at least one picture that can be read, got none`)
  } finally {
    progress.clear()
    await model.close()
  }
}

/** Frames are read while others are judged; `finish` sees them in the order in which they came. */
async function inspectAll (source: InspectedSource, model: LoadedModel, { heatmaps, ...options }: Options & { heatmaps: HeatmapFolder | undefined }, progress: Progress, signal: AbortSignal): Promise<Pick<Outcome, 'counts' | 'seconds'>> {
  const counts = { good: 0, review: 0, reject: 0, 'not-inspected': 0 }
  const batch = model.choice.device === 'cpu' ? 1 : 8
  const atOnce = 2 * batch * model.choice.workers
  const decision = decisionOf(model)
  const inspector = new Inspector(() => ({ model, decision }), {
    line: options.line, product: options.product ?? null, deadlineMs: Infinity, policy: 'every', capacity: atOnce, batch, hop: 'inspect'
  })
  const records = options.ndjson === undefined ? undefined : new RecordFile(options.ndjson)
  const total = Math.min(source.total ?? Infinity, options.limit ?? Infinity)
  const begun = performance.now()
  const finish = async ({ frame, inspection }: Pending): Promise<void> => {
    const judged = await inspection
    const record = await heatmaps?.save(frame, judged) ?? judged.record
    await records?.write(record)
    counts[record.verdict]++
    const done = Object.values(counts).reduce((sum, count) => sum + count)
    progress.update('inspecting', done, Number.isFinite(total) ? total : 0, `${counts.review} review, ${counts.reject} reject`)
  }
  try {
    const pending: Pending[] = []
    let entered = 0
    for await (const { frame, partId } of source.frames) {
      pending.push({ frame, inspection: inspector.inspect(frame, { partId }) })
      if (pending.length >= atOnce) await finish(pending.shift() as Pending)
      if (++entered >= total || signal.aborted) break
    }
    for (const item of pending) await finish(item)
    return { counts, seconds: (performance.now() - begun) / 1000 }
  } finally {
    inspector.close()
    await heatmaps?.close()
    await records?.close()
  }
}

/** More than half of ten or more are rejected. */
function areUnlike ({ good, review, reject }: Outcome['counts']): boolean {
  const judged = good + review + reject
  return judged >= 10 && reject > judged / 2
}

function unlike (bundle: string, { good, review, reject }: Outcome['counts']): string {
  return `${reject} of ${good + review + reject} parts are rejected. Unless most are defective, they are unlike the good parts that ${bundle} learned: another product, camera, light or cut. ` +
    'Fix: Look at some with --save-heatmaps FOLDER; learn from good parts like these with goodparts fit.'
}

/** Each product by the limits that an update has set for it. */
function decisionOf ({ metadata: { calibration } }: LoadedModel): Decision {
  return createDecision({ calibrationScores: calibration.scores, productScores: calibration.products ?? {} })
}

interface Pending {
  frame: Frame
  inspection: Promise<Inspection>
}

async function print (source: string, model: LoadedModel, { counts, warnings, seconds, unreadable }: Outcome, { json, ndjson, product }: Options): Promise<void> {
  const { metadata, choice } = model
  const frames = Object.values(counts).reduce((sum, count) => sum + count)
  const imagesPerSecond = frames / seconds
  const out = json === '-' || ndjson === '-' ? process.stderr : process.stdout
  const rows = Object.entries(counts).map(([verdict, count]) => [verdict, String(count), frames === 0 ? '–' : `${(100 * count / frames).toFixed(1)} %`])
  if (unreadable > 0) rows.push(['unreadable', String(unreadable), 'no part of the frames'])
  out.write(`${textTable(['verdict', 'frames', 'share'], rows)}\n\n`)
  out.write(`${frames} frames in ${seconds.toFixed(1)} s, ${imagesPerSecond.toFixed(1)} a second, by ${metadata.name} (${metadata.id}). Chosen when such a bundle was first timed on this machine: ${choice.reason}\n`)
  if (warnings.length > 0) out.write(`${warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`}, see above.\n`)
  if (json === undefined) return
  const bundle = { id: metadata.id, name: metadata.name }
  const { limits, statement } = decisionOf(model).forProduct(product ?? null)
  const text = `${JSON.stringify({ source, bundle, frames, counts, unreadable, warnings, limits, limitsStatement: statement, seconds, imagesPerSecond, device: choice, ...await measuredOn() }, null, 2)}\n`
  if (json === '-') process.stdout.write(text)
  else await writeOutput(json, text)
}

function readParameter (text: string, earlier: Record<string, string>): Record<string, string> {
  const [name, value] = readPair('--param', 'device=/dev/video0; native-pipelines/README.md has the parameters of each pipeline', text)
  return { ...earlier, [name]: value }
}
