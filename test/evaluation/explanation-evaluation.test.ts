import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readDataset } from '../../engine/evaluation/dataset.ts'
import { evaluateExplanations } from '../../engine/evaluation/explanation-evaluation.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import type { ExplanationFindings } from '../../schemas/evaluation.ts'
import { spotBundle, writeSpots } from '../explain/spot-bundle.ts'

async function cancelledAt (picture: number): Promise<ExplanationFindings> {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-explanation-evaluation-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeSpots(folder, 4)
  const model = ExplainedModel.open((await spotBundle()).bytes)
  onTestFinished(async () => { await model.close() })
  const cancelling = new AbortController()
  return evaluateExplanations(await readDataset(folder), model, {
    methods: ['anomaly-map', 'grad-cam'].map(explainerByName),
    seed: 0,
    signal: cancelling.signal,
    progress: (_stage, done) => { if (done === picture) cancelling.abort(new Error('enough')) }
  })
}

test('keeps what was explained before it is cancelled, each method on the same pictures', async () => {
  const { methods } = await cancelledAt(2)
  expect(methods.map(({ method, n }) => [method, n])).toEqual([['anomaly-map', 2], ['grad-cam', 2]])
})

test('has nothing to keep when it is cancelled before the first', async () => {
  await expect(cancelledAt(0)).rejects.toThrow('enough')
})

test('closes the model with random weights also when a picture cannot be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-explanation-evaluation-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeSpots(folder, 2)
  writeFileSync(join(folder, 'test', 'spot', '1.png'), 'no picture')
  const model = ExplainedModel.open((await spotBundle()).bytes)
  onTestFinished(async () => { await model.close() })
  const random = model.withRandomWeights(0)
  const close = vi.spyOn(random, 'close')
  vi.spyOn(model, 'withRandomWeights').mockReturnValue(random)
  const evaluated = evaluateExplanations(await readDataset(folder), model, { methods: [explainerByName('anomaly-map')], seed: 0, sanity: true, signal: new AbortController().signal, progress: () => undefined })
  await expect(evaluated).rejects.toThrow('1.png')
  expect(close).toHaveBeenCalledOnce()
})
