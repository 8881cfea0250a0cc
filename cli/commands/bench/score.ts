/** `goodparts bench score`: how fast bundles score here, beside the backbone alone. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { GoodpartsError } from '../../../engine/errors.ts'
import { decodeModel } from '../../../engine/graph/decode.ts'
import type { Graph } from '../../../engine/graph/graph.ts'
import { readMetadata } from '../../../engine/graph/metadata.ts'
import { seededRandom } from '../../../engine/random.ts'
import type { Device } from '../../../engine/runtime/loaded-model.ts'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { deviceName, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { sampleBundle, texturedImages } from './sample-bundle.ts'
import { measureScore } from './score-measurement.ts'
import type { ScoreMeasurement } from './score-measurement.ts'

interface Options {
  device: Device
  threads: number
  seconds: number
  sizes: number[]
  batches: number[]
  seed: number
  json?: string
}

interface Subject {
  name: string
  graph: Graph
  input: { height: number, width: number, channels: number }
}

interface Row extends ScoreMeasurement {
  name: string
  input: Subject['input']
  batch: number
}

/** Geometries that kept AUROC where they were tried: fine on the light-guide plates, standard on the magnetic tiles. */
const samples = [
  { layers: 'standard', entries: 2000, width: 64 },
  { layers: 'fine', entries: 1000, width: 32 }
]

export function registerScore (bench: Command): void {
  bench.command('score')
    .description('images per second and latency of a bundle beside its bare backbone')
    .argument('[bundle]', 'a bundle file; without one, patch memories of synthetic pictures are made')
    .option('--sizes <list>', 'input edges in pixels of the made bundles', wholeNumbers(32), [256, 512])
    .option('--batches <list>', 'pictures per run', wholeNumbers(1), [1, 8])
    .option('--device <device>', 'cpu, cuda, tensorrt or webgpu', deviceName, 'cpu')
    .option('--threads <number>', 'intra-op threads of each session', wholeNumber(1), 1)
    .option('--seconds <number>', 'time for each row', wholeNumber(0), 4)
    .option('--seed <number>', 'of the pictures', wholeNumber(0), 0)
    .option('--json <file>', 'write the figures there')
    .action(benchScore)
}

async function benchScore (path: string | undefined, options: Options): Promise<void> {
  const rows: Row[] = []
  for (const subject of path === undefined ? await madeSubjects(options) : [givenSubject(path)]) {
    for (const batch of options.batches) {
      const { height, width, channels } = subject.input
      const image = texturedImages(seededRandom(options.seed), batch, height, width, channels)
      rows.push({ name: subject.name, input: subject.input, batch, ...await measureScore(subject.graph, image, options) })
    }
  }
  const where = await measuredOn()
  process.stdout.write(`${table(rows)}\n\nRatio: median of the bundle over median of its backbone, in turns, one run. ` +
    `Device ${options.device}, ${options.threads} ${options.threads === 1 ? 'thread' : 'threads'}, seed ${options.seed}.\n${measuredOnText(where)}\n`)
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'score', ...options, ...where, rows }, null, 2)}\n`)
}

async function madeSubjects ({ sizes, seed }: Options): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const size of sizes) {
    for (const { layers, entries, width } of samples) {
      subjects.push({ name: `${layers}, ${entries} x ${width}`, graph: await sampleBundle({ layers, size, entries, width, seed }), input: { height: size, width: size, channels: 3 } })
    }
  }
  return subjects
}

function givenSubject (path: string): Subject {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const isAbsent = (cause as { code?: string }).code === 'ENOENT'
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a bundle at ${path}, got ${isAbsent ? 'nothing there' : `: ${cause instanceof Error ? cause.message : String(cause)}`}`, { cause, fix: 'Leave it out to measure made bundles' })
  }
  const graph = decodeModel(bytes)
  const written = readMetadata(bytes)['goodparts']
  const metadata = written === undefined ? null : JSON.parse(written) as BundleMetadata
  return { name: metadata?.name ?? path, graph, input: metadata?.input ?? { height: 256, width: 256, channels: 3 } }
}

function table (rows: readonly Row[]): string {
  const header = ['bundle', 'input', 'batch', 'images/s', 'p50 ms', 'p95 ms', 'p99 ms', 'backbone p50', 'p95', 'p99', 'ratio']
  return textTable(header, rows.map(({ name, input, batch, bundle, backbone, ratio }) => [
    name, `${input.width}x${input.height}x${input.channels}`, String(batch), bundle.imagesPerSecond.toFixed(1),
    ...[bundle.p50, bundle.p95, bundle.p99, backbone.p50, backbone.p95, backbone.p99].map((time) => time.toFixed(2)), ratio.toFixed(2)
  ]))
}

function wholeNumbers (least: number): (text: string) => number[] {
  return (text) => text.split(',').map(wholeNumber(least))
}
