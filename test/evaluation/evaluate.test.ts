import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readDataset } from '../../engine/evaluation/dataset.ts'
import { evaluateBundle } from '../../engine/evaluation/evaluate.ts'
import { openScorer } from '../../engine/evaluation/picture-scorer.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { writeBrightSpots } from './bright-spots.ts'

/** How many of nine pictures are scored at once. */
async function batchesWith (options: { [option: string]: JsonValue }): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-evaluate-bundle-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeBrightSpots(folder, { train: [60], good: [50, 51, 52, 53, 54, 55, 56, 57], defects: { hole: 80 } })
  const { bytes, metadata } = await brightnessBundle({}, { options })
  const scorer = await openScorer(bytes, 1)
  onTestFinished(() => scorer.close())
  const batches: number[] = []
  const counting: typeof scorer = { ...scorer, score: (images) => { batches.push(images.length); return scorer.score(images) } }
  await evaluateBundle(await readDataset(folder), metadata, counting, { seed: 0, progress: () => undefined, signal: new AbortController().signal, templates: false })
  return batches
}

test('scores fewer pictures at once the more tiles each is cut into', async () => {
  expect(await batchesWith({ size: 256, tiles: '1x1' })).toEqual([8, 1])
  expect(await batchesWith({ size: 256, tiles: '2x2' })).toEqual([2, 2, 2, 2, 1])
  expect(await batchesWith({ size: 256, tiles: '8x8' })).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1])
  expect(await batchesWith({ size: 'auto', tiles: '4x1' })).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1])
})
