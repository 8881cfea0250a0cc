/** `goodparts bench spool`: how many records a second the disk takes, and what a new start finds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { measureSpool, type SpoolMeasurement } from './spool-measurement.ts'

interface Options { records: number, bytes: number, folder: string, json?: string }

const flush = 'every append is flushed to the disk (fsync) before it counts; those that come together share a flush'

export function registerSpool (bench: Command): void {
  bench.command('spool')
    .description('records a second onto the disk before Kafka, one by one and many at once, read and acknowledged again, and found after a new start')
    .option('--records <number>', 'of each row', wholeNumber(2), 2000)
    .option('--bytes <number>', 'of each record', wholeNumber(16), 1500)
    .addOption(new Option('--folder <folder>', 'on the disk to measure').default(tmpdir(), 'that of temporary files'))
    .option('--json <file>', 'write the figures there')
    .action(benchSpool)
}

async function benchSpool (options: Options): Promise<void> {
  const folder = await mkdtemp(join(resolve(options.folder), 'goodparts-bench-'))
  const rows: SpoolMeasurement[] = []
  try {
    for (const atOnce of [1, 100]) rows.push(await measureSpool(folder, { ...options, atOnce }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const where = await measuredOn()
  const header = ['at once', 'appended/s', 'MB/s', 'append p50 ms', 'p99 ms', 'acknowledged/s', 'reopened ms', 'recovered']
  const table = textTable(header, rows.map((row) => [
    String(row.atOnce), row.appendedPerSecond.toFixed(0), row.megabytesPerSecond.toFixed(2), row.append.median.toFixed(2), row.append.p99.toFixed(2),
    row.acknowledgedPerSecond.toFixed(0), (1000 * row.reopenSeconds).toFixed(1), `${row.recovered} of ${row.records - row.acknowledged}`
  ]))
  process.stdout.write(`${table}\n\n${options.records} records of ${options.bytes} bytes in each row, in ${resolve(options.folder)}; ${flush}.\n${measuredOnText(where)}\n`)
  if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'spool', ...options, flush, ...where, rows }, null, 2)}\n`)
  if (rows.some(({ recovered, records, acknowledged }) => recovered !== records - acknowledged)) process.exitCode = 1
}
