/** `goodparts bench update`: how long an operator waits from the labels to a bundle that has learned them, and what the line's verdicts pay. */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { Command } from 'commander'
import type { UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { decodeImage } from '../../../engine/frame/image-codec.ts'
import type { DeviceRequest } from '../../../engine/runtime/loaded-model.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { deviceRequest, positiveNumber, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import type { Latency } from './update-line.ts'
import { measureUpdate, type LabelledPart, type UpdateMeasurement } from './update-measurement.ts'
import { drawnParts, prepareLine } from './update-parts.ts'

interface Options {
  images?: string
  labels: number
  rate: number
  deadline: number
  width: number
  height: number
  size: number
  bank: number
  seconds: number
  device: DeviceRequest
  seed: number
  json?: string
}

const LIMIT_SECONDS = 60

export function registerUpdate (bench: Command): void {
  bench.command('update')
    .description(`seconds from labels to the exchanged bundle while a line runs, and its latency meanwhile; exit 1 beyond ${LIMIT_SECONDS} s, when the update is refused, or when a frame is not judged`)
    .argument('[bundle]', 'a patch memory; without one, it is fitted on drawn parts of one product, and those of another are labelled')
    .option('--images <folder>', 'of good parts of the given bundle: the line shows all, the first are labelled')
    .option('--labels <number>', 'good parts that are labelled', wholeNumber(1), 50)
    .option('--rate <number>', 'frames a second on the line', positiveNumber, 5)
    .option('--deadline <ms>', 'from capture to verdict', positiveNumber, 1000)
    .option('--width <pixels>', 'of the frames', wholeNumber(64), 640)
    .option('--height <pixels>', 'of the frames', wholeNumber(48), 480)
    .option('--size <pixels>', 'input edge of the made bundle', wholeNumber(32), 256)
    .option('--bank <number>', 'entries of the made bundle', wholeNumber(1), 1000)
    .option('--seconds <number>', 'how long the line runs before, to compare with', positiveNumber, 20)
    .option('--device <device>', 'auto, cpu, cuda, tensorrt or webgpu', deviceRequest, 'auto')
    .option('--seed <number>', 'of the parts and the update', wholeNumber(0), 1)
    .option('--json <file>', 'write the figures there')
    .action(benchUpdate)
}

async function benchUpdate (bundle: string | undefined, options: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-bench-update-'))
  const { rate, deadline, width, height, seconds, device, seed } = options
  const request: UpdateRequest = {
    bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 200, bytes: 2e8 }, inbox: { items: 5000, bytes: 1e9 }, mode: 'extend', reviewRate: 0.05, rejectRate: 0.005, seed
  }
  try {
    const { shown, labels } = bundle === undefined ? await drawnLine(folder, request, options) : await givenLine(bundle, request, options)
    const measured = await measureUpdate({ request, labels, line: { folder: shown, width, height, rate, deadlineMs: deadline }, slot: { device, cacheFolder: join(folder, 'cache') }, seconds })
    const where = await measuredOn()
    process.stdout.write(`${words(measured, options)}\n${measuredOnText(where)}\n`)
    if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'update', ...options, ...where, limitSeconds: LIMIT_SECONDS, ...measured }, null, 2)}\n`)
    if (!(measured.outcome.accepted && measured.totalSeconds < LIMIT_SECONDS && measured.lost === 0)) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The line shows the first product; the second is labelled. */
async function drawnLine (folder: string, request: UpdateRequest, { labels, bank, ...settings }: Options): Promise<{ shown: string, labels: LabelledPart[] }> {
  const shown = join(folder, 'parts')
  await prepareLine(shown, request, { ...settings, bankSize: bank })
  const draw = drawnParts({ ...settings, bankSize: bank })
  const product = 'dark plate'
  return { shown, labels: Array.from({ length: labels }, (_, index) => ({ product, partId: `${product} ${index}`, read: async () => Promise.resolve(draw(product, index)) })) }
}

/** @throws GOODPARTS_ARGUMENT without enough pictures */
async function givenLine (bundle: string, request: UpdateRequest, { images, labels }: Options): Promise<{ shown: string, labels: LabelledPart[] }> {
  if (images === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected --images to name good parts of the bundle, got nothing')
  const names = (await readdir(images)).filter((name) => /^\.(jpe?g|png|webp|tiff?)$/i.test(extname(name))).sort()
  if (names.length < labels) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected at least ${labels} pictures in ${images}, got ${names.length}`)
  await copyFile(bundle, request.bundle)
  return { shown: images, labels: names.slice(0, labels).map((name) => ({ product: 'part', partId: name, read: async () => decodeImage(join(images, name)) })) }
}

function words ({ stages, totalSeconds, outcome, frames, verdicts, lost, latency }: UpdateMeasurement, { labels, rate }: Options): string {
  const table = textTable(['stage', 'seconds'], [...Object.entries(stages), ['all', totalSeconds] as const].map(([stage, value]) => [stage, value.toFixed(2)]))
  const line = textTable(['line', 'verdicts', 'latency p50 ms', 'p99 ms', 'longest ms'], [row('before', latency.before), row('during the update', latency.during)])
  const answer = outcome.accepted
    ? `accepted: ${outcome.learned} learned, ${outcome.checked} kept to check, ${outcome.heldBack} held back; bundle ${outcome.parent ?? 'none'} became ${outcome.bundle}`
    : `refused: ${outcome.reasons.join('; ')}`
  const judged = frames - lost
  return `${table}\n\n${labels} labels, ${answer}.\n\n${line}\n\n` +
    `${frames} frames at ${rate} a second, ${judged} verdicts, ${lost} lost${verdicts['not-inspected'] === 0 ? '' : ` (${verdicts['not-inspected']} not inspected)`}. The update has ${LIMIT_SECONDS} s.`
}

function row (name: string, { verdicts, median, p99, longest }: Latency): string[] {
  return [name, String(verdicts), ...[median, p99, longest].map((value) => value.toFixed(0))]
}
