import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { splitOfFit } from '../../engine/detectors/fit-work.ts'
import { goodImages, readDataset } from '../../engine/evaluation/dataset.ts'
import { learningCurve } from '../../engine/evaluation/learning-curve.ts'
import { validate } from '../../engine/schema-validation.ts'
import type { ComparisonReport } from '../../schemas/comparison.ts'
import { writeTexturedPlates } from '../evaluation/textured-plates.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
let dataset: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-compare-test-'))
  dataset = join(folder, 'plates')
  await writeTexturedPlates(dataset, { train: 30, good: 8, defective: 8, edge: 48, seed: 1 })
})
afterAll(() => { rmSync(folder, { recursive: true }) })

const quick = ['--set', 'scale=fine', '--set', 'density.size=48', '--set', 'template-difference.variants=1', '--set', 'channels=8']

function readReport (file: string): ComparisonReport {
  return validate('comparison', JSON.parse(readFileSync(file, 'utf8')))
}

describe('goodparts compare', { timeout: 180_000 }, () => {
  it.runIf(process.platform === 'linux')('refuses a device that cannot train, before anything is fitted', async () => {
    const { code, stderr } = await runGoodparts(['compare', dataset, '--families', 'density', '--device', 'webgpu'], { env: { VK_ICD_FILENAMES: join(folder, 'no-driver.json') } })
    expect(code).toBe(1)
    expect(stderr).toContain('Expected the device webgpu to train, got: ')
  })

  it('fits every family with every seed, reports the others\' failures, and recommends by drawn defects', async () => {
    const [json, html] = [join(folder, 'compare.json'), join(folder, 'compare.html')]
    const { code, stdout, stderr } = await runGoodparts(['compare', dataset, '--families', 'density,template-difference,patch-memory', '--seeds', '0,3', ...quick, '--set', 'patch-memory.size=48', '--set', 'patch-memory.targetImagesPerSecond=100000', '--json', json, '--report', html])
    expect(code, stderr).toBe(0)
    const report = readReport(json)
    expect(report.results.map(({ detector, seed }) => [detector, seed])).toEqual([['density', 0], ['template-difference', 0], ['density', 3], ['template-difference', 3]])
    expect(Object.keys(report)).toEqual(['results', 'baselineAuroc', 'recommended', 'reason'])
    expect(Object.keys(report.results[0]!)).toEqual(['detector', 'seed', 'imageAuroc', 'pixelAuroc', 'aupro30', 'fitSeconds', 'imagesPerSecond', 'bundleBytes'])
    for (const { imageAuroc, pixelAuroc, fitSeconds, imagesPerSecond, bundleBytes } of report.results) {
      expect(imageAuroc).toBeGreaterThan(0.7)
      expect(pixelAuroc).toBeGreaterThan(0.5)
      expect(Math.min(fitSeconds, imagesPerSecond, bundleBytes)).toBeGreaterThan(0)
    }
    expect(report.baselineAuroc).toBeGreaterThanOrEqual(0.5)
    expect(['density', 'template-difference']).toContain(report.recommended)
    expect(report.reason).toMatch(new RegExp(`^${report.recommended} .*drawn defects`))
    expect(stdout).toMatch(/patch-memory, seed 0 failed: .*GOODPARTS_FIT_FAILED/)
    expect(stdout).toContain(`Recommended: ${report.recommended}.`)
    expect(stdout).toContain('known with hindsight only')
    const page = readFileSync(html, 'utf8')
    expect(page).toContain('each learned from the same 20 good images, with limits from 10 others, and tested on')
    for (const family of ['density', 'template-difference']) expect(page).toContain(`<h2>${family}</h2>`)
    expect(page.match(/class="series series-\d"/g)).toHaveLength(2)
    expect(page).toContain('data:image/jpeg;base64,')
  })

  it('leaves what it has when it is interrupted', async () => {
    const json = join(folder, 'interrupted.json')
    const interrupt = (child: ChildProcess): void => {
      child.stderr!.on('data', (text: string) => { if (text.includes('template-difference, seed 0: image AUROC')) child.kill('SIGINT') })
    }
    const { code, stdout } = await runGoodparts(['compare', dataset, '--families', 'template-difference,density', '--seeds', '0,1,2,3,4,5,6,7,8,9', ...quick, '--json', json], { started: interrupt })
    expect(code).toBe(130)
    const { results, recommended } = readReport(json)
    expect(results.length).toBeGreaterThanOrEqual(1)
    expect(results.length).toBeLessThan(20)
    expect(recommended).not.toBeNull()
    expect(stdout).toContain('(interrupted)')
  })

  it('says what it could not write when it is interrupted', async () => {
    const interrupt = (child: ChildProcess): void => {
      child.stderr!.on('data', (text: string) => { if (text.includes('template-difference, seed 0: image AUROC')) child.kill('SIGINT') })
    }
    const { code, stderr } = await runGoodparts(['compare', dataset, '--families', 'template-difference', '--seeds', '0,1,2,3,4,5,6,7,8,9', ...quick, '--report', '/dev/full'], { started: interrupt })
    expect([code, stderr]).toEqual([130, expect.stringMatching(/Expected \/dev\/full to be writable, got: ENOSPC.*\(GOODPARTS_STORE_FAILED\)\nFix: .*\nCancelled\.\n$/)])
  })

  it('takes no family for failed whose figures find no room, and leaves the page', async () => {
    const page = join(folder, 'no-room.html')
    const { code, stdout, stderr } = await runGoodparts(['compare', dataset, '--families', 'template-difference', '--seeds', '0', ...quick, '--json', '/dev/full', '--report', page])
    expect(code).toBe(1)
    expect(stderr).toMatch(/The figures so far are not written\. Expected \/dev\/full to be writable, got: ENOSPC[^]*goodparts: Expected \/dev\/full to be writable, got: ENOSPC/)
    expect(stdout).not.toContain('failed')
    expect(stdout).toContain(`Written: ${page}`)
    expect(readFileSync(page, 'utf8')).toContain('<h2>template-difference</h2>')
  })

  it('writes files of their own for several data sets', async () => {
    const { code, stderr } = await runGoodparts(['compare', dataset, join(folder, 'nothing there'), '--families', 'template-difference', '--seeds', '0', ...quick, '--json', join(folder, 'all.json')])
    // The second is not there: the first is measured all the same.
    expect([code, stderr]).toEqual([1, expect.stringContaining('GOODPARTS_DATASET_INVALID')])
    expect(existsSync(join(folder, 'all-plates.json'))).toBe(true)
  })

  it('refuses several data sets whose files would be the same, before it fits', async () => {
    const { code, stderr } = await runGoodparts(['compare', dataset, join(dataset, 'dataset.csv'), '--families', 'template-difference', '--json', join(folder, 'same.json')])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/both called plates.*GOODPARTS_ARGUMENT/)])
    expect(existsSync(join(folder, 'same-plates.json'))).toBe(false)
  })

  it('shows how the figures grow with the good parts, here and in evaluate', async () => {
    const [html, json] = [join(folder, 'curve.html'), join(folder, 'curve.json')]
    const compared = await runGoodparts(['compare', dataset, '--families', 'template-difference', '--seeds', '0', ...quick, '--learning-curve', '--report', html])
    expect(compared.code, compared.stderr).toBe(0)
    // 20 of the 30 are learned from; a quarter of those would be too few.
    expect(compared.stdout).toMatch(/good parts learned from +10 +15 +20\n.*\ntemplate-difference( +[01]\.\d{4}){3}/)
    const missing = 'No point at a quarter of the good parts: fewer than the 10 that a detector needs would be left to learn from.'
    expect(compared.stdout).toContain(missing)
    expect(readFileSync(html, 'utf8')).toContain(missing)
    expect(readFileSync(html, 'utf8').match(/<circle class="series-0"/g)).toHaveLength(3)
    const evaluated = await runGoodparts(['evaluate', dataset, '--detector', 'template-difference', '--set', 'variants=1', '--learning-curve', '--json', json, '--report', html])
    expect(evaluated.code, evaluated.stderr).toBe(0)
    const { learningCurve: curve = [], imageAuroc, aupro30, options } = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
    expect(curve.map(({ images }) => images)).toEqual([10, 15, 20])
    expect(curve.at(-1)?.imageAuroc).toBe(imageAuroc)
    // Learned from some of the pictures that the fit to all of them learned from.
    const plates = await readDataset(dataset)
    const within = { family: 'template-difference', options, seed: 0, threads: 1, device: 'cpu' as const, defects: [], split: splitOfFit(goodImages(plates), 0) }
    expect(curve).toEqual(await learningCurve(plates, within, { images: 20, imageAuroc, aupro30 }, { seed: 0, progress: () => undefined, signal: new AbortController().signal }))
    expect(evaluated.stdout).toContain(missing)
    for (const text of ['How many good parts are enough', missing]) expect(readFileSync(html, 'utf8')).toContain(text)
  })

  it('shows how trainings went, on the page of each command and in the figures', async () => {
    const [json, html] = [join(folder, 'trained.json'), join(folder, 'trained.html')]
    const trained = ['--set', 'size=64', '--set', 'steps=6', '--set', 'batch=2']
    const compared = await runGoodparts(['compare', dataset, '--families', 'reconstruction,template-difference', '--seeds', '0', ...trained, '--report', html])
    expect(compared.code, compared.stderr).toBe(0)
    expect(readFileSync(html, 'utf8').match(/How the training went/g)).toHaveLength(1)
    const evaluated = await runGoodparts(['evaluate', dataset, '--detector', 'reconstruction', ...trained, '--json', json, '--report', html])
    expect(evaluated.code, evaluated.stderr).toBe(0)
    expect(readFileSync(html, 'utf8')).toContain('How the training went')
    const { lossCurve } = validate('evaluation', JSON.parse(readFileSync(json, 'utf8')))
    expect(lossCurve?.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    const learned = await runGoodparts(['fit', dataset, '--detector', 'reconstruction', ...trained, '-o', join(folder, 'trained.onnx')])
    expect(learned.stdout).toMatch(/Trained in 6 steps, loss [\d.]+ at first, loss [\d.]+ in the end/)
  }, 240_000)

  it('judges families by defects that none is trained on, and does not recommend one that is trained on most', async () => {
    const json = join(folder, 'fair.json')
    const { code, stderr } = await runGoodparts(['compare', dataset, '--families', 'discriminative,contrastive,template-difference', '--seeds', '0', '--set', 'size=64', '--set', 'scale=fine', '--set', 'steps=4', '--set', 'batch=2', '--set', 'template-difference.variants=1', '--json', json])
    expect(code, stderr).toBe(0)
    const { recommended, reason } = readReport(json)
    expect(['contrastive', 'template-difference']).toContain(recommended)
    expect(reason).toMatch(/discriminative [01]\.\d{4} is not in the running: its training draws such defects too \(tone, contrast\)/)
    expect(reason).toContain('Drawn without paste')
  })

  it('compares on pieces of the pictures', async () => {
    const json = join(folder, 'pieces.json')
    const { code, stdout, stderr } = await runGoodparts(['compare', dataset, '--families', 'density', '--seeds', '0', '--crops', '32', '--set', 'size=32', '--set', 'scale=fine', '--set', 'channels=6', '--set', 'steps=50', '--json', json])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('Not used, as no family that is compared has it: --set steps.\n')
    expect(stdout).toContain('plates, pieces of 32')
    expect(readReport(json).results).toHaveLength(1)
  })

  it('says before it begins which families will take long', async () => {
    const interrupt = (child: ChildProcess): void => { child.stderr!.once('data', () => { child.kill('SIGINT') }) }
    const { stderr } = await runGoodparts(['compare', dataset, '--seeds', '0', '--set', 'reconstruction.steps=50', '--set', 'density.backbone=self-trained', '--set', 'density.encoderSteps=30'], { started: interrupt })
    expect(stderr).toMatch(/^Slow, .*: density \(30 steps\), discriminative \(400 steps\), reconstruction \(50 steps\), distillation \(800 steps\), contrastive \(1200 steps\)/)
  })

  it('refuses what a family cannot take before it reads a picture, for all families at once', async () => {
    const wrong = async (...sets: string[]): Promise<Awaited<ReturnType<typeof runGoodparts>>> =>
      runGoodparts(['compare', join(folder, 'nothing-there'), '--families', 'density,template-difference', '--seeds', '0', ...sets.flatMap((set) => ['--set', set])])
    const { code, stdout, stderr } = await wrong('size=abc')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/density: Expected .*size.*abc.*template-difference: Expected .*size.*abc.*GOODPARTS_ARGUMENT.*\nFix: .*docs\/detectors\.md/)
    expect(await wrong('density.colour=red')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('colour') as string })
    expect(await wrong('colour=red')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/Expected --set to name an option.*got colour/) as string })
  })

  it('leaves out a family that learns from labelled defects where there are none, and refuses it alone, before it fits', async () => {
    const alone = await runGoodparts(['compare', dataset, '--families', 'classifier'])
    expect(alone).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^goodparts: Expected defects that classifier can learn from, got none: plates has no defects in its training split \(GOODPARTS_DATASET_INVALID\)/) as string })
    const { code, stdout, stderr } = await runGoodparts(['compare', dataset, '--families', 'classifier,template-difference', '--seeds', '0', '--set', 'variants=1'])
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Left out: classifier, which learns from labelled defects; plates has no defects in its training split\.\n/)])
    expect(stdout).not.toContain('classifier')
  })

  it('ends with an error when nothing was fitted', async () => {
    const { code, stdout } = await runGoodparts(['compare', dataset, '--families', 'patch-memory', '--seeds', '0', ...quick, '--set', 'size=48', '--set', 'targetImagesPerSecond=100000'])
    expect(stdout).toContain('No detector was fitted.')
    expect(code).toBe(1)
  })

  it('refuses families and seeds that are none', async () => {
    expect(await runGoodparts(['compare', dataset, '--families', 'magic'])).toMatchObject({ code: 1, stderr: expect.stringContaining('got magic') as string })
    expect(await runGoodparts(['compare', dataset, '--seeds', '1,x'])).toMatchObject({ code: 1, stderr: expect.stringContaining('GOODPARTS_ARGUMENT') as string })
  })
})
