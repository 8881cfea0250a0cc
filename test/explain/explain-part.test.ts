/** A part explained by several methods, in the process that calls. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { explainAll } from '../../engine/explain/explain-all.ts'
import { PartExplainer } from '../../engine/explain/explain-part.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { detector, dividingDetectorGraph, spottedPicture } from './hand-built-models.ts'
import { spotBundle } from './spot-bundle.ts'

let folder: string
let bundle: { path: string, id: string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-explain-part-test-'))
  const made = await spotBundle()
  bundle = { path: join(folder, 'spots.onnx'), id: made.metadata.id }
  await saveBundle(bundle.path, made)
})
afterEach(() => { vi.restoreAllMocks() })
afterAll(() => { rmSync(folder, { recursive: true }) })

test('what it takes to show one method is not charged to the next', async () => {
  let time = 0
  const explainer = new PartExplainer(() => ++time)
  const request = {
    bundle,
    image: spottedPicture(),
    methods: ['grad-cam' as const, 'occlusion' as const],
    budget: 100_000,
    seed: 0,
    judge: true,
    zones: [],
    opacity: 0.6,
    /** Read once for each map that is shown; by this clock that takes longer than the budget. */
    get quality () {
      time += 1_000_000
      return 85
    }
  }
  const { explanations } = await explainer.explain(request)
  await explainer.close()

  expect(explanations.map(({ method, skipped }) => [method, skipped])).toEqual([['grad-cam', null], ['occlusion', null]])
})

test('a method that fails is left out with its code, and the maps of the others stay', async () => {
  vi.spyOn(explainerByName('sise'), 'explain').mockRejectedValue(new GoodpartsError('GOODPARTS_INFERENCE_FAILED', 'the runtime stopped'))
  vi.spyOn(explainerByName('rise'), 'explain').mockRejectedValue(new Error('bad_alloc'))
  const explainer = new PartExplainer()

  const { explanations, without } = await explainer.explain({ bundle, image: spottedPicture(), methods: ['grad-cam', 'sise', 'rise', 'layer-cam'], budget: 10_000, seed: 0, judge: false, zones: [], opacity: 0.6, quality: 85 })
  await explainer.close()

  expect(explanations.map(({ method }) => method)).toEqual(['grad-cam', 'layer-cam'])
  expect(without).toEqual([
    { method: 'sise', reason: 'the runtime stopped', code: 'GOODPARTS_INFERENCE_FAILED' },
    { method: 'rise', reason: 'bad_alloc', code: 'GOODPARTS_EXPLANATION_FAILED' }
  ])
})

test('a method that fails because all were aborted ends all', async () => {
  const abort = new AbortController()
  vi.spyOn(explainerByName('sise'), 'explain').mockImplementation(async () => {
    abort.abort(new Error('the line stops'))
    return Promise.reject(new Error('the session is gone'))
  })
  const model = ExplainedModel.open(detector)

  await expect(explainAll(model, spottedPicture(), [explainerByName('sise')], { target: { kind: 'score' }, signal: abort.signal })).rejects.toThrow('the line stops')
  await model.close()
})

test('gradients that are no numbers are said, and not taken for a part in which nothing speaks for the score', async () => {
  const model = ExplainedModel.open(encodeModel(dividingDetectorGraph()))

  const [attempt] = await explainAll(model, spottedPicture(), [explainerByName('sise')], { target: { kind: 'score' } })

  expect(attempt).toMatchObject({ saliency: { map: null, skipped: null, reason: expect.stringMatching(/^the gradients at \S+ are no numbers for this picture$/) as unknown }, faithfulness: null })
  await model.close()
})

test('a model that a method cannot explain has not failed', async () => {
  const model = ExplainedModel.open(detector)

  expect(await explainAll(model, spottedPicture(), [explainerByName('grad-cam')], { target: { kind: 'class', index: 0 } })).toMatchObject([{ saliency: null, obstacle: expect.stringContaining('classes') as unknown, code: null }])
  await model.close()
})
