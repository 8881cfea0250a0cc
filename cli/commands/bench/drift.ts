/** `goodparts bench drift`: whether and how soon a line would tell that its parts look different, and whether it would without any change. */
import type { Command } from 'commander'
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { embeddingSize, PictureEmbedding } from '../../../engine/continual/picture-embedding.ts'
import { embeddingDriftDefaults } from '../../../engine/decision/drift/embedding-drift.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { folderImages } from '../../../engine/evaluation/dataset.ts'
import { measuredOn, measuredOnText } from '../../measured-on.ts'
import { positiveNumber, wholeNumber } from '../../option-values.ts'
import { writeOutput } from '../../output-file.ts'
import { textTable } from '../../text-table.ts'
import { measureDrift, type DriftMeasurement } from './drift-measurement.ts'

interface Options { only?: string, thenOnly?: string, steady: number, changed: number, seeds: number, falseAlarmIn: number, json?: string }

const { reference, window } = embeddingDriftDefaults

export function registerDrift (bench: Command): void {
  bench.command('drift')
    .description('when a line would tell that its parts look different (embedding): pictures of one folder in random order, then those of another; without another, how often it would tell of nothing')
    .argument('<before>', 'folder of pictures')
    .argument('[after]', 'folder of pictures that come then')
    .option('--only <text>', 'of the first folder, pictures whose name contains this (all)')
    .option('--then-only <text>', 'the same of the second folder (all)')
    .option('--steady <number>', `parts before the change; the first ${reference} say what is usual`, wholeNumber(reference + window), 192)
    .option('--changed <number>', 'parts after it', wholeNumber(window), 192)
    .option('--seeds <number>', 'lines, each in an order of its own', wholeNumber(1), 10)
    .option('--false-alarm-in <number>', 'as in the form of the replay buffer', positiveNumber, 1000)
    .option('--json <file>', 'write the figures there')
    .action(benchDrift)
}

async function benchDrift (beforeFolder: string, afterFolder: string | undefined, options: Options): Promise<void> {
  const embedding = await PictureEmbedding.open({ backbone: efficientNetLite0, size: embeddingSize })
  try {
    const before = await embedded(embedding, beforeFolder, options.only)
    const after = afterFolder === undefined ? [] : await embedded(embedding, afterFolder, options.thenOnly)
    const rows = Array.from({ length: options.seeds }, (_, seed) => measureDrift({ before, after, ...options, falseAlarmRate: 1 / options.falseAlarmIn, seed }))
    const where = await measuredOn()
    process.stdout.write(`${words(rows, [before.length, after.length], options)}\n${measuredOnText(where)}\n`)
    if (options.json !== undefined) await writeOutput(options.json, `${JSON.stringify({ bench: 'drift', ...options, ...where, pictures: { before: before.length, after: after.length }, rows }, null, 2)}\n`)
  } finally {
    await embedding.close()
  }
}

/** @throws GOODPARTS_DATASET_INVALID, GOODPARTS_TOO_FEW_IMAGES */
async function embedded (embedding: PictureEmbedding, folder: string, only = ''): Promise<Float32Array[]> {
  const images = (await folderImages(folder)).filter(({ name }) => name.slice(folder.length).includes(only))
  if (images.length < window) throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES', `Expected at least ${window} pictures${only === '' ? '' : ` with ${only} in their name`} in ${folder}, got ${images.length}`, { fix: 'Give a folder with more pictures: few that come again and again look more alike than parts do.' })
  const found: Float32Array[] = []
  for (const image of images) found.push(await embedding.of(await image.read()))
  return found
}

function words (rows: readonly DriftMeasurement[], [before, after]: readonly [number, number], { steady, changed, falseAlarmIn }: Options): string {
  const lost = rows.filter(({ isFalse }) => isFalse).length
  const delays = rows.flatMap(({ delay }) => delay ?? []).sort((a, b) => a - b)
  const table = textTable(['line', 'before the change', 'parts after it'], rows.map(({ seed, isFalse, delay }) => [String(seed), isFalse ? 'false alarm' : 'silent', delay === null ? 'none' : String(delay)]))
  const steadyText = `${steady} parts (of ${before} pictures) before the change: ${lost} false alarms in ${rows.length} lines; promised is at most one in ${falseAlarmIn}.`
  if (after === 0) return `${table}\n\n${steadyText}`
  const found = delays.length === 0 ? '' : `, after ${delays[delays.length >> 1] as number} parts at the median, ${delays.at(-1) as number} at most`
  return `${table}\n\n${steadyText}\n${changed} parts (of ${after} pictures) after it: told in ${delays.length} of ${rows.length} lines${found}. A line is looked at once a second at most.`
}
