/** The figures that a user gets: learned from the good plates that are shipped, measured on plates that it has not seen. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { createDecision, type Decision } from '../../engine/decision/decision.ts'
import { fitInProcess } from '../../engine/detectors/fit-process.ts'
import { goodImages, readDataset, testEntries, type Dataset } from '../../engine/evaluation/dataset.ts'
import { evaluateBundle } from '../../engine/evaluation/evaluate.ts'
import { openScorer, type PictureScorer } from '../../engine/evaluation/picture-scorer.ts'
import { groundTruthOf } from '../../engine/evaluation/pixel-evaluation.ts'
import { pictureBatches } from '../../engine/evaluation/test-pictures.ts'
import { explainByAnomalyMap } from '../../engine/explain/anomaly-map/explain.ts'
import type { GroundTruth } from '../../engine/evaluation/defect-regions.ts'
import type { EvaluationReport } from '../../schemas/evaluation.ts'
import type { Region } from '../../schemas/inspection.ts'
import { fitPlates, sample } from './plates-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-accuracy-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const quiet = { seed: 1, progress: () => undefined, signal: new AbortController().signal }

async function withScorer<Result> ({ bytes }: ModelBundle, use: (scorer: PictureScorer) => Promise<Result>): Promise<Result> {
  const scorer = await openScorer(bytes, 1)
  try {
    return await use(scorer)
  } finally {
    await scorer.close()
  }
}

describe('on the plates that are shipped', () => {
  let dataset: Dataset
  let bundle: ModelBundle
  let decision: Decision

  beforeAll(async () => {
    dataset = await readDataset(sample)
    bundle = await readBundle((await fitPlates(join(folder, 'plates.onnx'))).path)
    decision = createDecision({ calibrationScores: bundle.metadata.calibration.scores })
  }, 120_000)

  it('tells defective plates from good ones, by far better than trivial statistics do', async () => {
    const { findings } = await withScorer(bundle, async (scorer) => evaluateBundle(dataset, bundle.metadata, scorer, quiet))

    expect(findings.dataset).toMatchObject({ testGood: 40, testDefects: { defect: 60 } })
    expect(findings.imageAuroc).toBeGreaterThanOrEqual(0.98)
    expect(findings.imageAuroc! - findings.baselineAuroc!).toBeGreaterThan(0.2)
    expect(findings.pixelAuroc).toBeGreaterThanOrEqual(0.98)
    expect(findings.atReviewLimit.falseReject.rate).toBeLessThanOrEqual(0.15)
    expect(findings.atReviewLimit.escape.rate).toBeLessThanOrEqual(0.4)
  }, 60_000)

  it('shows the place of the defect on most plates that have a mask', async () => {
    const masked = testEntries(dataset).filter(({ mask }) => mask !== null)
    expect(masked).toHaveLength(20)

    const found = await withScorer(bundle, async (scorer) => {
      const results: Array<{ shown: boolean, first: boolean }> = []
      for await (const [picture] of pictureBatches(masked, 1)) {
        const { entry, image } = picture!
        const [answer] = await scorer.score([image])
        const { score, map: values, height, width } = answer!
        const frame = { width: image.width, height: image.height, channels: image.channels, memory: shared(image.data) }
        const { regions } = await explainByAnomalyMap({ frame, map: { values, height, width }, judged: { score, limits: decision.limits }, opacity: 0.5, quality: 85 })
        const truth = await groundTruthOf({ entry, image }, image.width, image.height)
        results.push({ shown: regions.some((region) => overlaps(region, truth!)), first: regions[0] !== undefined && overlaps(regions[0], truth!) })
      }
      return results
    })

    expect(found.filter(({ shown }) => shown).length).toBeGreaterThanOrEqual(15)
    // The highest peak is the defect, not something else beside it.
    expect(found.filter(({ first }) => first).length).toBeGreaterThanOrEqual(15)
  })

  it('is the same bundle for the same seed', async () => {
    const { bytes, metadata } = await readBundle((await fitPlates(join(folder, 'again.onnx'))).path)
    expect(metadata.graphSha256).toBe(bundle.metadata.graphSha256)
    expect(metadata.calibration).toEqual(bundle.metadata.calibration)
    expect(bytes.byteLength).toBeGreaterThan(0)
  }, 120_000)
})

const datasets = process.env.GOODPARTS_DATASETS
const absent = datasets === undefined ? 'GOODPARTS_DATASETS does not name a folder of data sets' : existsSync(datasets) ? null : `GOODPARTS_DATASETS names ${datasets}, which is not there`
if (absent !== null) process.stdout.write(`skipped: accuracy on whole data sets: ${absent}\n`)

/** `--scale auto` with everything by default, as `goodparts evaluate` does it. Takes minutes for each. */
describe.skipIf(absent !== null)('on whole data sets', () => {
  const targets: Array<[path: string, imageAuroc: number]> = [
    ['lgp', 0.997],
    ['deeppcb/00041', 0.995],
    ...['12100', '44000', '50600', '77000', '92000'].map((board): [string, number] => [`deeppcb/${board}`, 0.99]),
    ['magnetic_tile', 0.835]
  ]

  it.each(targets.filter(([path]) => existsSync(resolve(datasets ?? '', path))))('%s has an image AUROC of at least %d', async (path, target) => {
    const dataset = await readDataset(resolve(datasets ?? '', path))
    const report = await evaluate(dataset, join(folder, `${path.replaceAll('/', '-')}.onnx`))
    process.stdout.write(`${path}: image AUROC ${report.imageAuroc?.toFixed(4) ?? 'none'}, pixel AUROC ${report.pixelAuroc?.toFixed(4) ?? 'none'}, trivial ${report.baselineAuroc?.toFixed(4) ?? 'none'}, ${report.scale ?? ''} ${report.size ?? ''}\n`)
    expect(report.imageAuroc).toBeGreaterThanOrEqual(target)
  }, 3_600_000)
})

async function evaluate (dataset: Dataset, output: string): Promise<Pick<EvaluationReport, 'imageAuroc' | 'pixelAuroc' | 'baselineAuroc' | 'scale' | 'size'>> {
  const images = goodImages(dataset).map(({ name, group, calibration }) => ({ path: name, group, calibration }))
  const bundle = await readBundle((await fitInProcess({ family: 'patch-memory', images, options: {}, seed: 0, output })).path)
  return await withScorer(bundle, async (scorer) => (await evaluateBundle(dataset, bundle.metadata, scorer, { ...quiet, seed: 0 })).findings)
}

/** Whether a pixel of the defect lies in the region's box. */
function overlaps ({ box: [left, top, width, height] }: Region, { labels, width: columns }: GroundTruth): boolean {
  return labels.some((label, pixel) => {
    const [x, y] = [pixel % columns, Math.floor(pixel / columns)]
    return label > 0 && x >= left && x < left + width && y >= top && y < top + height
  })
}

function shared (data: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(data.byteLength)
  new Uint8Array(memory).set(data)
  return memory
}
