/** `goodparts bench pipeline`: what the way from GStreamer to a frame costs. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { positiveNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { measurePipeline, type PipelineMeasurement } from './pipeline-measurement.ts'

interface Size { width: number, height: number }
interface Options { sizes: Size[], seconds: number, json?: string }

const usualSizes = '640x480,1280x720,1920x1080'

export function registerPipeline (bench: Command): void {
  bench.command('pipeline')
    .description('frames a second from a GStreamer source through the capture process, as fast as they are taken, by size')
    .addOption(new Option('--sizes <list>', 'of the frames, in pixels').argParser(sizesOf).default(sizesOf(usualSizes), usualSizes))
    .option('--seconds <number>', 'time for each row', positiveNumber, 5)
    .option('--json <file>', 'write the figures there')
    .action(benchPipeline)
}

async function benchPipeline (options: Options): Promise<void> {
  const rows: PipelineMeasurement[] = []
  for (const size of options.sizes) rows.push(await measurePipeline({ ...size, seconds: options.seconds }))
  const where = await measuredOn()
  const header = ['frames', 'frames/s', 'MB/s', 'dropped', 'to the frame p50 ms', 'p99 ms']
  const table = textTable(header, rows.map(({ width, height, framesPerSecond, megabytesPerSecond, dropped, latency }) => [
    `${width}x${height}`, framesPerSecond.toFixed(1), megabytesPerSecond.toFixed(1), String(dropped), latency.median.toFixed(0), latency.p99.toFixed(0)
  ]))
  process.stdout.write(`${table}\n\nRGB, drawn by GStreamer's videotestsrc, nothing dropped on purpose, ${options.seconds} s each row.\n${measuredOnText(where)}\n`)
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'pipeline', ...options, ...where, rows }, null, 2)}\n`)
  if (rows.some(({ frames }) => frames === 0)) process.exitCode = 1
}

function sizesOf (text: string): Size[] {
  return text.split(',').map((size) => {
    const [width, height] = (/^(\d+)x(\d+)$/.exec(size.trim()) ?? []).slice(1).map(Number)
    if (width === undefined || height === undefined || width < 16 || height < 16) throw new InvalidArgumentError('Expected sizes such as 640x480,1920x1080.')
    return { width, height }
  })
}
