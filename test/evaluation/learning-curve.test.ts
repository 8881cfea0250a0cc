import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { JsonValue } from '../../schemas/bundle.ts'
import type { DefectImage } from '../../engine/detectors/detector.ts'
import { splitOfFit } from '../../engine/detectors/fit-work.ts'
import { defectImages, goodImages, readDataset, type Dataset } from '../../engine/evaluation/dataset.ts'
import { learningCurve } from '../../engine/evaluation/learning-curve.ts'
import type { LearningCurvePoint } from '../../schemas/evaluation.ts'
import { writeTexturedPlates } from './textured-plates.ts'

const whole: LearningCurvePoint = { images: 14, imageAuroc: 0.5, aupro30: null }

/** 24 good plates and 8 scratched ones, of which four may be learned from. */
async function platesWithLabels (): Promise<Dataset> {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-learning-curve-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeTexturedPlates(folder, { train: 24, good: 4, defective: 8, edge: 64, seed: 1 })
  const number = (index: number): string => `${index}`.padStart(3, '0')
  const rows = (count: number, row: (index: number) => string): string[] => Array.from({ length: count }, (_, index) => row(index))
  writeFileSync(join(folder, 'dataset.csv'), [
    'split,path,label',
    ...rows(24, (index) => `train,train/good/${number(index)}.png,good`),
    ...rows(4, (index) => `test,test/good/${number(index)}.png,good`),
    ...rows(8, (index) => `${index < 4 ? 'train' : 'test'},test/scratch/${number(index)}.png,scratch`)
  ].join('\n'))
  return readDataset(folder)
}

function classifierCurve (dataset: Dataset, defects: readonly DefectImage[], more: { [option: string]: JsonValue } = {}): Promise<LearningCurvePoint[]> {
  return learningCurve(dataset, { family: 'classifier', options: { scale: 'fine', size: 64, penalty: 0.01, ...more }, seed: 0, threads: 1, device: 'cpu', defects, split: splitOfFit(goodImages(dataset), 0) }, whole, {
    seed: 0,
    progress: () => undefined,
    signal: new AbortController().signal
  })
}

test('learns from the labelled defects of the fit to all pictures, and from no others', { timeout: 60_000 }, async () => {
  const dataset = await platesWithLabels()
  expect(await classifierCurve(dataset, defectImages(dataset))).toMatchObject([{ images: 10, imageAuroc: expect.any(Number) as number }, whole])
  await expect(classifierCurve(dataset, [])).rejects.toThrow('no defect at all')
})

test('does not ask again whether what was chosen is fast enough', { timeout: 60_000 }, async () => {
  const dataset = await platesWithLabels()
  expect(await classifierCurve(dataset, defectImages(dataset), { targetImagesPerSecond: 100_000 })).toHaveLength(2)
})
