import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readDataset } from '../../../engine/evaluation/dataset.ts'
import { compareFamilies } from '../../../engine/evaluation/compare/compare.ts'
import type { CompareContext } from '../../../engine/evaluation/compare/compare.ts'
import { writeTexturedPlates } from '../textured-plates.ts'

/** Compares one family with its learning curve. @param afterResult Called when the fit to all pictures was measured. */
async function compared (afterResult: (folder: string) => void, signal: AbortSignal): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-compare-families-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeTexturedPlates(folder, { train: 30, good: 4, defective: 4, edge: 48, seed: 1 })
  const events: string[] = []
  const context: CompareContext = {
    signal,
    progress: (stage) => { if (stage.includes('learning curve') && events.at(-1) !== 'refits') events.push('refits') },
    onResult: ({ result }) => {
      events.push(`${result.detector} ${result.seed} measured`)
      afterResult(folder)
      return Promise.resolve()
    },
    onFailure: ({ error }) => { events.push(`failed: ${error.code}`) },
    onCurve: (_, { length }) => { events.push(`curve of ${length}`) },
    onCurveFailure: ({ error }) => { events.push(`no curve: ${error.code}`) }
  }
  const request = { families: ['template-difference'], seeds: [0], options: () => ({ variants: 1 }), threads: 1, device: 'cpu' as const, learningCurve: true }
  await compareFamilies(await readDataset(folder), request, context).catch((error: unknown) => { events.push(`ended: ${String(error)}`) })
  return events
}

test('a fit is handed over as soon as it is measured, before its learning curve', { timeout: 60_000 }, async () => {
  expect(await compared(() => undefined, new AbortController().signal)).toEqual(['template-difference 0 measured', 'refits', 'curve of 3'])
})

test('a learning curve that fails takes no measured fit with it', { timeout: 60_000 }, async () => {
  const events = await compared((folder) => { rmSync(join(folder, 'train'), { recursive: true }) }, new AbortController().signal)
  expect(events.filter((event) => event !== 'refits')).toEqual(['template-difference 0 measured', expect.stringMatching(/^no curve: GOODPARTS_/)])
})

test('nor does an interruption of the curve', { timeout: 60_000 }, async () => {
  const controller = new AbortController()
  const events = await compared(() => { controller.abort(new Error('enough')) }, controller.signal)
  expect(events.filter((event) => event !== 'refits')).toEqual(['template-difference 0 measured', 'ended: Error: enough'])
})
