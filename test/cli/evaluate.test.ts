import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { validate } from '../../engine/schema-validation.ts'
import type { EvaluationReport } from '../../schemas/evaluation.ts'
import { scoreOf, writeBrightSpots } from '../evaluation/bright-spots.ts'
import { writeTexturedPlates } from '../evaluation/textured-plates.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-evaluate-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

/** Of the 199 scores below, the reject limit is the largest, the review limit the tenth from the top. */
const calibration = Array.from({ length: 199 }, (_, i) => (i + 1) / 199 * 0.26)

it('judges each picture by the limits of its product', async () => {
  const [dataset, bundle, json] = [join(folder, 'two products'), join(folder, 'products.onnx'), join(folder, 'products.json')]
  await writeBrightSpots(dataset, { train: [60], good: [60, 100], defects: { hole: 80, stain: 100 } })
  const parts = [['train', 'train/good/60.png', 'good', 'dark'], ['test', 'test/good/60.png', 'good', 'dark'], ['test', 'test/good/100.png', 'good', 'bright'], ['test', 'test/hole/80.png', 'hole', 'dark'], ['test', 'test/stain/100.png', 'stain', 'bright']]
  writeFileSync(join(dataset, 'dataset.csv'), ['split,path,label,product', ...parts.map((part) => part.join(','))].join('\n'))
  await saveBundle(bundle, await brightnessBundle({}, { calibration: { scores: calibration, products: { bright: calibration.map((score) => score + 0.2) }, heldOutBy: 'image' } }))
  const { code, stdout, stderr } = await runGoodparts(['evaluate', dataset, '--bundle', bundle, '--json', json])
  expect(code, stderr).toBe(0)
  const report = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
  expect(report).toMatchObject({ threshold: 0.26, atRejectLimit: { threshold: 0.26, falseReject: { count: 0, of: 2 }, escape: { count: 1, of: 2 } } })
  expect(report.images.map(({ verdict }) => verdict)).toEqual(['good', 'good', 'reject', 'good'])
  expect(stdout).toMatch(/hole +1 +[\d.]+ +0\nstain +1 +[\d.]+ +1\n/)
}, 60_000)

it.runIf(process.platform === 'linux')('refuses a device that cannot train', async () => {
  const dataset = join(folder, 'for a device')
  await writeBrightSpots(dataset, { train: [60], good: [60], defects: { hole: 80 } })
  const { code, stderr } = await runGoodparts(['evaluate', dataset, '--device', 'webgpu'], { env: { VK_ICD_FILENAMES: join(folder, 'no-driver.json') } })
  expect(code).toBe(1)
  expect(stderr).toContain('Expected the device webgpu to train, got: ')
}, 60_000)

describe('goodparts evaluate with a bundle whose answers are known', () => {
  const levels = { train: [60], good: [50, 60, 70], defects: { hole: 55, stain: 80 } }
  let report: EvaluationReport
  let page: string
  let stdout: string

  beforeAll(async () => {
    const [dataset, bundle, json, html] = ['spots', 'brightness.onnx', 'spots.json', 'spots.html'].map((name) => join(folder, name)) as [string, string, string, string]
    await writeBrightSpots(dataset, levels)
    await saveBundle(bundle, await brightnessBundle({}, { calibration: { scores: calibration, heldOutBy: 'image' } }))
    const result = await runGoodparts(['evaluate', dataset, '--bundle', bundle, '--json', json, '--report', html])
    expect(result).toMatchObject({ code: 0 })
    stdout = result.stdout
    report = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
    page = readFileSync(html, 'utf8')
  })

  it('scores every test picture', () => {
    expect(report.dataset).toEqual({ name: 'spots', train: 1, calibration: 0, testGood: 3, testDefects: { hole: 1, stain: 1 } })
    const scores = new Map(report.images.map(({ path, score }) => [path, score]))
    expect([...scores.keys()]).toEqual(['test/good/50.png', 'test/good/60.png', 'test/good/70.png', 'test/hole/55.png', 'test/stain/80.png'])
    for (const level of levels.good) expect(scores.get(`test/good/${level}.png`)).toBeCloseTo(scoreOf(level, false), 5)
    for (const [type, level] of Object.entries(levels.defects)) expect(scores.get(`test/${type}/${level}.png`)).toBeCloseTo(scoreOf(level, true), 5)
  })

  it('has the figures of a calculation by hand', () => {
    // The hole is above 50 and 60 but not above 70, the stain above all.
    expect(report.imageAuroc).toBeCloseTo(5 / 6, 12)
    expect(report.imageAurocByType).toEqual({ hole: 2 / 3, stain: 1 })
    expect(report.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12)
    expect(report.recallAtFalseRejects).toEqual([0.005, 0.01, 0.02].map((share) => ({ share, recall: 0.5 })))
    // Every white pixel is brighter than every good one.
    expect(report).toMatchObject({ pixelAuroc: 1, pixelAveragePrecision: 1, pixelGroundTruth: { goodImages: 3, maskedImages: 2, boxedImages: 0, leftOut: 0, regions: 2 } })
    expect(report.aupro30).toBeCloseTo(1, 12)
    // Mean brightness is the score itself; the files are of other sizes; the spot gives defects the only gradient.
    expect(report.baseline?.auroc).toMatchObject({ mean: report.imageAuroc, meanGradient: 1, standardDeviation: 1 })
    expect(report.baselineAuroc).toBe(1)
    expect(report.templateDifference).toEqual({ median: 1, nearest: 1 })
  })

  it('counts false rejects and escapes at the limits that ship', () => {
    expect(report.threshold).toBeCloseTo(0.26, 12)
    expect(report).toMatchObject({ falseRejectRate: 1 / 3, escapeRate: 0.5 })
    expect(report.atReviewLimit).toMatchObject({ falseReject: { count: 1, of: 3 }, escape: { rate: 0, count: 0, of: 2 } })
    expect(report.images.map(({ verdict }) => verdict)).toEqual(['good', 'good', 'reject', 'review', 'reject'])
  })

  it('prints them', () => {
    for (const text of [/image AUROC +0\.8333/, /pixel AUROC +1\.0000/, /false rejects +33\.3 % +1 of 3/, /escapes +50\.0 % +1 of 2/, /hole +1 +0\.6667 +1\n/, /\nLearned from \d+ good images, calibrated on 199 others, in/]) expect(stdout).toMatch(text)
  })

  it('reports them on one page that fetches nothing, with the worst pictures and their maps', async () => {
    for (const text of ['good images, calibrated on 199 others, tested on', '0.8333', '33.3\u00a0%', '50.0\u00a0%', '1 of 2 defects stayed under the reject limit, 0 of them']) expect(page).toContain(text)
    expect(page).not.toMatch(/(src|href)="(?!data:)/)
    const figures = [...page.matchAll(/<img src="([^"]+)" alt="picture of ([^"]+)"><img src="([^"]+)"/g)]
    expect(figures.map((figure) => figure[2])).toEqual(['test/hole/55.png', 'test/stain/80.png', 'test/good/70.png', 'test/good/60.png', 'test/good/50.png'])
    const [picture, map] = await Promise.all([1, 3].map((group) => decodeImage(Buffer.from(figures[0]![group]!.split(',')[1]!, 'base64'))))
    const red = (image: typeof picture, x: number, y: number): number => image!.data[3 * (y * image!.width + x)]!
    const green = (image: typeof picture, x: number, y: number): number => image!.data[3 * (y * image!.width + x) + 1]!
    // The spot is in the last colour on the map, its surroundings are nearly as they were, and its outline on the picture is green.
    expect(red(map, 14, 8) - red(map, 30, 15)).toBeGreaterThan(60)
    expect(green(picture, 9, 8) - red(picture, 9, 8)).toBeGreaterThan(60)
  })
})

it('keeps what it measured when the learning curve fails, and says so in the end', async () => {
  const [dataset, json, html] = [join(folder, 'no curve'), join(folder, 'no-curve.json'), join(folder, 'no-curve.html')]
  await writeBrightSpots(dataset, { train: Array.from({ length: 30 }, (_, index) => 60 + index), good: [50, 60, 70], defects: { hole: 55 } })
  // Nothing can be fitted again of a family that is none.
  const { code, stdout, stderr } = await runGoodparts(['evaluate', dataset, '--bundle', join(folder, 'brightness.onnx'), '--learning-curve', '--json', json, '--report', html])
  expect([code, stderr]).toEqual([1, expect.stringMatching(/Expected a learning curve, got: .*test-brightness/)])
  expect(stdout).toMatch(/image AUROC +0\.\d{4}/)
  const report = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
  expect(report).toMatchObject({ partial: true, images: { length: 4 } })
  expect(report.learningCurve).toBeUndefined()
  expect(readFileSync(html, 'utf8')).toContain('hole')
  const both = await runGoodparts(['evaluate', dataset, '--bundle', join(folder, 'brightness.onnx'), '--learning-curve', '--json', '/dev/full'])
  expect([both.code, both.stderr]).toEqual([1, expect.stringMatching(/Expected a learning curve, got: .*; Expected \/dev\/full to be writable, got: ENOSPC/)])
}, 60_000)

it('says what it cannot compute from good pictures alone', async () => {
  const dataset = join(folder, 'only good')
  await writeBrightSpots(dataset, { train: [60], good: [50, 70], defects: {} })
  const { code, stdout } = await runGoodparts(['evaluate', dataset, '--bundle', join(folder, 'brightness.onnx'), '--json', '-'])
  expect(code).toBe(0)
  expect(validate('evaluation', JSON.parse(stdout))).toMatchObject({ imageAuroc: null, imageAurocInterval: null, pixelAuroc: null, aupro30: null, escapeRate: null, falseRejectRate: 0.5, baselineAuroc: null })
})

describe('goodparts evaluate with a fit', () => {
  it('learns from good plates and finds scratched ones', async () => {
    const dataset = join(folder, 'plates')
    await writeTexturedPlates(dataset, { train: 24, good: 8, defective: 8, edge: 96, seed: 3 })
    const { code, stdout, stderr } = await runGoodparts(['evaluate', dataset, '--scale', 'fine', '--size', '96', '--seed', '2', '--json', '-'])
    expect(code, stderr).toBe(0)
    const report = validate('evaluation', JSON.parse(stdout))
    expect(report).toMatchObject({ detector: 'patch-memory', scale: 'fine', size: 96, seed: 2, training: { images: 14, calibrationImages: 10 }, dataset: { train: 24, testGood: 8, testDefects: { scratch: 8 } } })
    expect(report.imageAuroc).toBeGreaterThan(0.95)
    expect(report.pixelAuroc).toBeGreaterThan(0.9)
    expect(report.fitSeconds).toBeGreaterThan(0)
    expect(Object.keys(report.versions)).toEqual(['goodparts', 'node', 'onnxruntime'])
  }, 120_000)

  it('ends on Ctrl-C, and leaves no file and no process', async () => {
    const temporary = mkdtempSync(join(folder, 'temporary-'))
    const dataset = join(folder, 'many plates')
    await writeTexturedPlates(dataset, { train: 80, good: 1, defective: 0, edge: 96, seed: 4 })
    const children: string[] = []
    const { code, stderr } = await runGoodparts(['evaluate', dataset], {
      env: { TMPDIR: temporary },
      // The first line of progress comes from inside the fit.
      started: (child) => {
        child.stderr?.once('data', () => {
          children.push(...childrenOf(child.pid ?? 0))
          child.kill('SIGINT')
        })
      }
    })
    expect(children).toHaveLength(1)
    expect([code, stderr]).toEqual([130, expect.stringMatching(/Cancelled\.\n$/)])
    expect(readdirSync(temporary)).toEqual([])
    for (const pid of children) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  })
})

function childrenOf (pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((child) => child !== '')
}

it('writes what it has scored when it is interrupted', async () => {
  const [dataset, bundle, json, page] = ['many', 'slow.onnx', 'partial.json', 'partial.html'].map((name) => join(folder, name)) as [string, string, string, string]
  await writeBrightSpots(dataset, { train: [60], good: Array.from({ length: 60 }, (_, index) => 40 + index), defects: { hole: 55, stain: 80 } })
  await saveBundle(bundle, await brightnessBundle({ work: 1200 }, { calibration: { scores: calibration, heldOutBy: 'image' } }))
  const result = await runGoodparts(['evaluate', dataset, '--bundle', bundle, '--json', json, '--report', page], {
    // It says how far it is every few seconds.
    started: (child) => { child.stderr?.on('data', (text: string) => { if (text.includes('scoring')) child.kill('SIGTERM') }) }
  })
  expect(result).toMatchObject({ code: 130, stderr: expect.stringContaining('Cancelled.') as string, stdout: expect.stringMatching(new RegExp(`^Incomplete, [^]*\nWritten, of what was done until then: ${json}, ${page}\n$`)) as string })
  const report = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
  expect(report).toMatchObject({ partial: true, done: { scored: report.images.length, toScore: 62 } })
  expect(report.images.length).toBeGreaterThan(0)
  expect(report.images.length).toBeLessThan(62)
  expect(readFileSync(page, 'utf8')).toContain(`Incomplete, as it was interrupted or failed on the way: ${report.images.length} of 62 test pictures scored.`)
  expect(report.dataset).toMatchObject({ testGood: report.images.filter(({ label }) => label === 'good').length })
}, 120_000)

it.each([
  ['a data set that is not there', ['evaluate', 'nowhere'], /Expected .*nowhere to be a data set, got nothing there \(GOODPARTS_DATASET_INVALID\)/],
  ['a detector that is not there', ['evaluate', '{spots}', '--detector', 'crystal-ball'], /Expected the detector to be one of patch-memory.*, got crystal-ball/],
  ['too few pictures to learn from', ['evaluate', '{spots}'], /GOODPARTS_TOO_FEW_IMAGES/],
  ['a seed that is no number', ['evaluate', '{spots}', '--seed', 'lucky'], /Expected a whole number from 0/],
  ['a bundle that is none', ['evaluate', '{spots}', '--bundle', '{spots}/train/good/60.png'], /GOODPARTS_BUNDLE_INVALID/]
])('refuses %s', async (_name, args, message) => {
  const { code, stderr } = await runGoodparts(args.map((text) => text.replace('{spots}', join(folder, 'spots'))))
  expect(code).toBe(1)
  expect(stderr).toMatch(message)
})
