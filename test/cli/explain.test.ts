import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { explain } from '../../cli/commands/explain.ts'
import type { Explainer } from '../../engine/explain/explainer.ts'
import { PartExplainer } from '../../engine/explain/explain-part.ts'
import { explainerByName, explainers } from '../../engine/explain/registry.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { validate } from '../../engine/schema-validation.ts'
import { flatPicture, foreignDetectorGraph, spottedPicture } from '../explain/hand-built-models.ts'
import { classifierBundle, spotBundle, write, writeSpots } from '../explain/spot-bundle.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
let bundle: string
const resnet = join(import.meta.dirname, '..', 'graph', 'fixtures', 'resnet-narrow.onnx')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-explain-test-'))
  bundle = join(folder, 'spots.onnx')
  await saveBundle(bundle, await spotBundle())
  await write(join(folder, 'spotted.png'), spottedPicture())
})
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('goodparts explain', () => {
  test('shows all methods side by side on one page, and finds the spot', async () => {
    const page = join(folder, 'page.html')
    const { code, stdout } = await runGoodparts(['explain', bundle, join(folder, 'spotted.png'), '--report', page, '--json', join(folder, 'figures.json')])

    expect(code).toBe(0)
    for (const { method } of explainers) expect(stdout).toContain(method)
    const html = readFileSync(page, 'utf8')
    expect(html.match(/<img src="data:image\/jpeg;base64,/g)).toHaveLength(explainers.length + 1)
    expect(html).not.toMatch(/src="(?!data:)|https?:/)
    const { methods } = JSON.parse(readFileSync(join(folder, 'figures.json'), 'utf8')) as { methods: Array<{ method: string, peak: { x: number, y: number }, insertion: number, deletion: number }> }
    for (const { peak, insertion, deletion } of methods) {
      expect(peak.x).toBeGreaterThan(38 / 64)
      expect(peak.x).toBeLessThan(50 / 64)
      expect(insertion).toBeGreaterThan(deletion)
    }
  }, 60_000)

  test('explains the likeliest class of somebody else\'s network, and says what cannot be', async () => {
    const { code, stdout } = await runGoodparts(['explain', resnet, join(folder, 'spotted.png'), '--methods', 'anomaly-map,grad-cam,sise', '--mean', '0.5,0.5,0.5', '--deviation', '0.5,0.5,0.5'])

    expect(code).toBe(0)
    expect(stdout).toMatch(/class \d by resnet-narrow\.onnx/)
    expect(stdout).toMatch(/anomaly-map .* Expected the model to have a map of its own/)
  }, 30_000)

  test('fails where no method that is asked for can explain the model', async () => {
    const { code, stdout } = await runGoodparts(['explain', resnet, join(folder, 'spotted.png'), '--methods', 'anomaly-map', '--mean', '0.5,0.5,0.5', '--deviation', '0.5,0.5,0.5'])

    expect(code).toBe(1)
    expect(stdout).toMatch(/anomaly-map .* Expected the model to have a map of its own/)
  }, 30_000)

  test('keeps what is done when it is interrupted', async () => {
    const json = join(folder, 'interrupted.json')
    const controller = new AbortController()
    const stopped: Explainer = {
      method: 'rise',
      obstacle: () => null,
      explain: async () => {
        controller.abort(new Error('stopped'))
        return Promise.reject(new Error('no more'))
      }
    }
    const options = { methods: [explainerByName('anomaly-map'), stopped, explainerByName('occlusion')], hidden: 'auto', scoreCam: 'increase', seed: 0, json } as const

    await expect(explain(bundle, join(folder, 'spotted.png'), { ...options, methods: [...options.methods] }, controller.signal)).rejects.toThrow('stopped')

    const { partial, methods } = JSON.parse(readFileSync(json, 'utf8')) as { partial: boolean, methods: Array<{ method: string }> }
    expect(partial).toBe(true)
    expect(methods.map(({ method }) => method)).toEqual(['anomaly-map'])
  }, 30_000)

  test('names the file that is none of what was asked for, and advises what helps', async () => {
    const text = join(folder, 'notes.onnx')
    writeFileSync(text, 'notes\n')
    const picture = join(folder, 'spotted.png')
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await runGoodparts(['explain', ...args])
      expect(code).toBe(1)
      return stderr
    }
    expect(await refusal(text, picture)).toMatch(/notes\.onnx: Expected 6 bytes to be an ONNX model.*\nFix: /)
    for (const [image, got] of [[folder, 'a folder'], [join(folder, 'none.png'), 'nothing']] as const) {
      expect(await refusal(bundle, image)).toBe(`goodparts: Expected IMAGE to be a picture, got ${got} at ${image} (GOODPARTS_ARGUMENT)\nFix: Give the path of one picture: JPEG, PNG, WebP or TIFF.\n`)
    }
    expect(await refusal(bundle, picture, '--hidden', 'nonsense')).toMatch(/--hidden to be auto, mean, blur, black or the file of a good part's picture, got nothing at nonsense/)
  }, 30_000)

  test('hides by the nearest good part in the bundle\'s file and shows it beside, so that a line\'s own explanation is the same', async () => {
    const path = join(folder, 'with-exemplars.onnx')
    const kept = await withExemplars(await spotBundle(), [{ name: '/parts/flat.png', read: async () => Promise.resolve(flatPicture()) }])
    await saveBundle(path, kept)
    const page = join(folder, 'pair.html')
    const picture = join(folder, 'spotted.png')
    const { stdout: record } = await runGoodparts(['inspect', picture, '--bundle', path, '--device', 'cpu', '--ndjson', '-'])
    const { score: lineScore } = JSON.parse(record) as { score: number }
    const { stdout } = await runGoodparts(['explain', path, picture, '--methods', 'sise', '--report', page, '--json', '-'])
    const { explanation, methods: [figures] } = JSON.parse(stdout) as { explanation: unknown, methods: Array<{ insertion: number, deletion: number }> }

    expect(explanation).toMatchObject({ hidden: 'the good part flat.png', judgement: { verdict: 'reject', score: lineScore } })
    const written = readFileSync(page, 'utf8')
    expect(written).toMatch(/the nearest good part<\/b><br>flat\.png/)
    expect(written).toMatch(/Verdict: reject\. Score \S+ is above the reject limit/)
    const explainer = new PartExplainer()
    const { explanations: [asked] } = await explainer.explain({
      bundle: { path, id: kept.metadata.id }, image: await decodeImage(picture), methods: ['sise'], budget: null, seed: 0, judge: true, zones: [], opacity: 0.6, quality: 85
    })
    await explainer.close()
    expect(figures!.insertion).toBeCloseTo(asked!.faithfulness!.insertion, 9)
    expect(figures!.deletion).toBeCloseTo(asked!.faithfulness!.deletion, 9)

    const { stdout: plain } = await runGoodparts(['explain', path, picture, '--methods', 'sise', '--hidden', 'mean', '--json', '-'])
    expect(JSON.parse(plain)).toMatchObject({ explanation: { hidden: 'mean' } })
  }, 30_000)

  test('explains what a classifier\'s verdict comes from, as the line does, and a class that is named', async () => {
    const path = join(folder, 'classifier.onnx')
    const made = await classifierBundle()
    await saveBundle(path, made)
    const picture = join(folder, 'spotted.png')
    const figures = async (...options: string[]): Promise<{ explanation: { target: string }, methods: Array<{ insertion: number, deletion: number }> }> => {
      const { stdout } = await runGoodparts(['explain', path, picture, '--methods', 'layer-cam', '--json', '-', ...options])
      return JSON.parse(stdout) as Awaited<ReturnType<typeof figures>>
    }
    const { explanation: { target }, methods: [usual] } = await figures()
    const explainer = new PartExplainer()
    const { explanations: [onTheLine] } = await explainer.explain({
      bundle: { path, id: made.metadata.id }, image: await decodeImage(picture), methods: ['layer-cam'], budget: null, seed: 0, judge: true, zones: [], opacity: 0.6, quality: 85
    })
    await explainer.close()

    expect(target).toBe('score above the median of good parts')
    expect(usual!.insertion).toBeCloseTo(onTheLine!.faithfulness!.insertion, 9)
    expect(usual!.deletion).toBeCloseTo(onTheLine!.faithfulness!.deletion, 9)
    const { explanation: named, methods: [ofClass] } = await figures('--target', 'spot')
    expect(named.target).toBe('class spot')
    expect(ofClass!.insertion).not.toBeCloseTo(usual!.insertion, 3)
  }, 30_000)

  test('finds the score of somebody else\'s detector, or takes the output that is named', async () => {
    const foreign = join(folder, 'foreign.onnx')
    writeFileSync(foreign, encodeModel(foreignDetectorGraph()))
    const picture = join(folder, 'spotted.png')
    const column = join(folder, 'column.onnx')
    writeFileSync(column, encodeModel(foreignDetectorGraph({ column: true })))
    for (const [file, ...options] of [[foreign], [foreign, '--output', 'pred_score'], [column]] as const) {
      const { code, stdout } = await runGoodparts(['explain', file, picture, '--methods', 'grad-cam', '--json', '-', ...options])
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ explanation: { target: 'score', hidden: 'mean' }, methods: [{ method: 'grad-cam', found: true }] })
    }
    const { stderr } = await runGoodparts(['explain', foreign, picture, '--output', 'anomaly_score'])
    expect(stderr).toMatch(/output anomaly_score, got pred_score \(N\), pred_label \(N\), anomaly_map \(N, 1, 31, 31\)/)
  }, 30_000)

  test.each([
    [['--target', ''], /target to be a class number, got nothing/],
    [['--mean', '0.5,0.5', '--deviation', '0.5,0.5'], /1 or 3 numbers, got 2 and 2/],
    [['--mean', '0.5', '--deviation', '0'], /deviations above 0, got 0/],
    [['--target', '99'], /class from 0 to \d, got 99/]
  ])('refuses %j of somebody else\'s network', async (options, said) => {
    const { code, stdout, stderr } = await runGoodparts(['explain', resnet, join(folder, 'spotted.png'), '--methods', 'grad-cam', ...options])
    expect(code).toBe(1)
    expect(stderr).toMatch(said)
    expect(stderr).not.toContain('Try another method')
    expect(stdout).toBe('')
  }, 30_000)

  test.each(['good', '0', 'crack'])('tells of a detector that it has no class %s', async (target) => {
    const { code, stderr } = await runGoodparts(['explain', bundle, join(folder, 'spotted.png'), '--methods', 'grad-cam', '--target', target])
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Expected the target to be score, as the model has no classes, got ${target} (`)])
  }, 30_000)

  test('takes one mean and one deviation for all channels', async () => {
    const figures = async (mean: string, deviation: string): Promise<unknown> => {
      const { stdout } = await runGoodparts(['explain', resnet, join(folder, 'spotted.png'), '--methods', 'grad-cam', '--mean', mean, '--deviation', deviation, '--json', '-'])
      const { explanation, methods } = JSON.parse(stdout) as { explanation: unknown, methods: Array<{ peak: unknown, insertion: number }> }
      return [explanation, methods.map(({ peak, insertion }) => [peak, insertion])]
    }
    expect(await figures('0.4', '0.3')).toEqual(await figures('0.4,0.4,0.4', '0.3,0.3,0.3'))
  }, 30_000)

  test('tells a picture in which nothing was found from one whose time was up', async () => {
    await write(join(folder, 'flat.png'), flatPicture())
    const page = join(folder, 'flat.html')
    const told = async (...options: string[]): Promise<string[]> => {
      const { stdout } = await runGoodparts(['explain', bundle, join(folder, 'flat.png'), '--methods', 'occlusion', '--report', page, ...options])
      return [stdout, readFileSync(page, 'utf8')]
    }
    const [stdout, html] = await told() as [string, string]
    for (const text of [stdout, html]) {
      expect(text).toContain('found nothing that speaks for the target')
      expect(text).toMatch(/The picture scores like good parts \(not above their median, .*there is nothing to explain/)
    }
    expect(stdout).toMatch(/^The picture scores/)
    expect(stdout).not.toContain('--target')
    // The picture alone has a card.
    expect(html.match(/<figure class="card">/g)).toHaveLength(1)
    expect(html).toMatch(/<h2>Without a map<\/h2>\n<div class="card"><p><b>occlusion<\/b>/)
    for (const text of await told('--budget', '0.001')) expect(text).toMatch(/time was up before anything was found: \d+ of \d+ squares left out/)
  }, 30_000)

  test('points a picture like good parts at the classes of a classifier', async () => {
    const path = join(folder, 'classes.onnx')
    await saveBundle(path, await classifierBundle())
    await write(join(folder, 'flat.png'), flatPicture())
    const { stdout } = await runGoodparts(['explain', path, join(folder, 'flat.png'), '--methods', 'layer-cam'])
    expect(stdout).toContain('--target explains a class instead: good, spot, dark.')
    const named = await runGoodparts(['explain', path, join(folder, 'flat.png'), '--methods', 'layer-cam', '--target', 'good'])
    expect(named.stdout).not.toContain('nothing to explain')
  }, 30_000)

  test('weighs the channels of score-cam as it is told', async () => {
    const insertion = async (...options: string[]): Promise<number> => {
      const { stdout } = await runGoodparts(['explain', resnet, join(folder, 'spotted.png'), '--methods', 'score-cam', '--json', '-', ...options])
      return (JSON.parse(stdout) as { methods: Array<{ insertion: number }> }).methods[0]!.insertion
    }
    const usual = await insertion()
    expect(await insertion('--score-cam', 'increase')).toBe(usual)
    expect(await insertion('--score-cam', 'softmax')).not.toBe(usual)
  }, 30_000)

  test('names the methods there are', async () => {
    const { code, stderr } = await runGoodparts(['explain', bundle, join(folder, 'spotted.png'), '--methods', 'tea-leaves'])

    expect(code).not.toBe(0)
    expect(stderr).toContain('ada-sise')
    expect((await runGoodparts(['explain', bundle, join(folder, 'spotted.png'), '--methods', ''])).stderr).toContain("got ''")
  })
})

describe('goodparts evaluate --explain', () => {
  test('tabulates the methods against the ground truth and the baselines', async () => {
    const dataset = join(folder, 'dataset')
    await writeSpots(dataset, 3)
    const { code, stdout } = await runGoodparts(['evaluate', dataset, '--bundle', bundle, '--explain', '--methods', 'anomaly-map,sise,sise', '--explain-images', '2', '--sanity', '--json', join(folder, 'report.json'), '--report', join(folder, 'report.html')])

    expect(code).toBe(0)
    expect(stdout).toContain('mask-L1 of a black map')
    const { explain } = validate('evaluation', JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')))
    const share = 64 / 4096
    expect(explain).toMatchObject({ target: 'score', hidden: 'the nearest good picture', seed: 0, unavailable: [], baselines: { zeroMaskL1: { value: share }, uniformMaskL1: { value: 1 - share }, areaShare: { value: share } } })
    const [anomalyMap, sise, ...more] = explain!.methods
    expect(more).toEqual([])
    expect(sise).toMatchObject({ method: 'sise', n: 2, withoutMap: 0, judged: 2, pointingGame: { value: 1, low: expect.closeTo(0.158, 3) as number, high: 1 } })
    expect(sise!.ebpg!.value).toBeGreaterThan(0.9)
    expect(sise!.ebpgLift!.value).toBeCloseTo(sise!.ebpg!.value / share, 6)
    expect(anomalyMap!.deletion!.value).toBeLessThan(0.2)
    expect(stdout).toContain('like random')
    const page = readFileSync(join(folder, 'report.html'), 'utf8')
    for (const text of ['<h2>Explanations</h2>', '<th class="number">EBPG</th>', 'like random', 'mask-L1 of a black map', `${sise!.ebpg!.value.toFixed(3)}</td>`, `${sise!.pointingGame!.value.toFixed(3)}<br>`]) expect(page).toContain(text)
    for (const method of ['anomaly-map', 'sise']) expect(page.match(new RegExp(`alt="${method} of test/spot/`, 'g'))).toHaveLength(2)
    for (const { sanity } of explain!.methods) expect(Math.abs(sanity!.value)).toBeLessThan(0.9)
  }, 60_000)

  test.each(['--explain', '--methods sise', '--explain-images 3', '--explain-budget 30', '--sanity'])('by %s says before it fits that no defect\'s place is known', async (asked) => {
    const dataset = join(folder, 'unplaced')
    await writeSpots(dataset, 3)
    rmSync(join(dataset, 'ground_truth'), { recursive: true })
    const begun = performance.now()
    const { code, stdout, stderr } = await runGoodparts(['evaluate', dataset, ...asked.split(' ')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/defects with a mask or boxes, got none/)
    expect(stderr).not.toContain('features')
    expect(stdout).toBe('')
    expect(performance.now() - begun).toBeLessThan(15_000)
  }, 60_000)
})
