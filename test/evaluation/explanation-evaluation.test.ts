import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readDataset } from '../../engine/evaluation/dataset.ts'
import { evaluateExplanations, targetOf, type ExplanationEvaluationOptions } from '../../engine/evaluation/explanation-evaluation.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { workingPicture } from '../../engine/explain/model/working-picture.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import type { ExplanationFindings } from '../../schemas/evaluation.ts'
import { classifier, detectorGraph, dividingDetectorGraph, flatPicture, spottedPicture } from '../explain/hand-built-models.ts'
import { classifierBundle, spotBundle, write, writeSpots } from '../explain/spot-bundle.ts'

async function spots (defects: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-explanation-evaluation-test-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  await writeSpots(folder, defects)
  return folder
}

interface Asked extends Partial<Omit<ExplanationEvaluationOptions, 'methods'>> {
  methods: Array<Parameters<typeof explainerByName>[0]>
  /** Default: the hand-built bundle. */
  bytes?: Uint8Array
}

async function evaluated (folder: string, { methods, bytes, ...options }: Asked): Promise<ExplanationFindings> {
  const model = ExplainedModel.open(bytes ?? (await spotBundle()).bytes)
  onTestFinished(async () => { await model.close() })
  return evaluateExplanations(await readDataset(folder), model, {
    seed: 0,
    nameOf: (path) => relative(folder, path),
    signal: new AbortController().signal,
    progress: () => undefined,
    ...options,
    methods: methods.map(explainerByName)
  })
}

async function cancelledAt (picture: number): Promise<ExplanationFindings> {
  const cancelling = new AbortController()
  return evaluated(await spots(4), {
    methods: ['anomaly-map', 'grad-cam'],
    signal: cancelling.signal,
    progress: (_stage, done) => { if (done === picture) cancelling.abort(new Error('enough')) }
  })
}

async function brokenAt (picture: number): Promise<ExplanationFindings> {
  const folder = await spots(4)
  return evaluated(folder, {
    methods: ['anomaly-map', 'grad-cam'],
    progress: (_stage, done) => { if (done === picture) rmSync(join(folder, 'test', 'spot', `${picture}.png`)) }
  })
}

test('keeps what was explained before it is cancelled, each method on the same pictures', async () => {
  const { methods, failure } = await cancelledAt(2)
  expect(methods.map(({ method, n }) => [method, n])).toEqual([['anomaly-map', 2], ['grad-cam', 2]])
  expect(failure).toBeUndefined()
})

test('has nothing to keep when it is cancelled before the first', async () => {
  await expect(cancelledAt(0)).rejects.toThrow('enough')
})

test('keeps what was explained before something fails, and says what', async () => {
  const { methods, failure } = await brokenAt(2)
  expect(methods.map(({ method, n }) => [method, n])).toEqual([['anomaly-map', 2], ['grad-cam', 2]])
  expect(failure).toContain('2.png')
})

test('has nothing to keep when the first fails', async () => {
  await expect(brokenAt(0)).rejects.toThrow('0.png')
})

test('gives each method\'s figures picture by picture', async () => {
  const { methods: [found] } = await evaluated(await spots(2), { methods: ['layer-cam'] })

  expect(found?.pictures?.map(({ path, group, map }) => [path, group, map])).toEqual([[join('test', 'spot', '0.png'), null, 'found'], [join('test', 'spot', '1.png'), null, 'found']])
  expect(found?.pictures?.[0]).toMatchObject({ ebpg: found?.ebpg?.value, maskL1: found?.maskL1?.value })
})

test('counts a picture whose time was up apart from one in which nothing is found', async () => {
  const folder = await spots(1)
  // No brighter than a good part: nothing speaks for the score.
  await write(join(folder, 'test', 'spot', '0.png'), flatPicture())
  const { methods: [nothing] } = await evaluated(folder, { methods: ['occlusion'] })
  const { methods: [timeUp] } = await evaluated(folder, { methods: ['occlusion'], budget: 1e-6 })

  expect([nothing?.withoutMap, nothing?.timeUp, nothing?.pictures?.[0]?.map]).toEqual([1, 0, 'nothing'])
  expect([timeUp?.withoutMap, timeUp?.timeUp, timeUp?.pictures?.[0]?.map]).toEqual([0, 1, 'time-up'])
})

test('counts a picture whose gradients are no numbers as one without a map, and asks the method of the others', async () => {
  const { methods: [sise, occlusion], unavailable } = await evaluated(await spots(2), { methods: ['sise', 'occlusion'], bytes: encodeModel(dividingDetectorGraph()) })

  expect(sise).toMatchObject({ n: 2, withoutMap: 2 })
  expect(occlusion).toMatchObject({ n: 2 })
  expect(unavailable).toEqual([])
})

test('explains of a missed defect of a kind that was not taught the likeliest class that is not good', async () => {
  const model = ExplainedModel.open((await classifierBundle()).bytes)
  onTestFinished(async () => { await model.close() })
  const picture = await workingPicture(flatPicture(), model.input, 'mean')

  expect(await model.likeliestClass(picture)).toBe(0)
  const asked = await Promise.all(['crack', 'dark'].map(async (label) => targetOf(model, { label }, flatPicture())))
  expect(asked).toEqual([{ kind: 'class', index: expect.toSatisfy((index: number) => index > 0) as number }, { kind: 'class', index: 2 }])
})

test('gives shares of hits the bounds that so many parts allow, and means of fewer than three parts none', async () => {
  const { methods: [three] } = await evaluated(await spots(3), { methods: ['layer-cam'] })
  const { methods: [two] } = await evaluated(await spots(2), { methods: ['layer-cam'] })

  // Clopper and Pearson: 0.025 to the power of one over the parts.
  expect(three?.pointingGame).toEqual({ value: 1, low: expect.closeTo(0.025 ** (1 / 3), 6) as number, high: 1 })
  expect(two?.pointingGame).toEqual({ value: 1, low: expect.closeTo(0.025 ** (1 / 2), 6) as number, high: 1 })
  const folder = await spots(3)
  await write(join(folder, 'test', 'spot', '0.png'), flatPicture())
  const { methods: [missed] } = await evaluated(folder, { methods: ['layer-cam'] })
  // Of two of three, the roots of the binomial tails.
  expect(missed?.pointingGame).toEqual({ value: 2 / 3, low: expect.closeTo(0.0943, 4) as number, high: expect.closeTo(0.9916, 4) as number })
  expect(three?.ebpg?.low).toBeCloseTo(three?.ebpg?.value ?? NaN, 6)
  expect([two?.ebpg?.low, two?.ebpg?.high]).toEqual([null, null])
})

describe('hidden pixels', () => {
  test('show the nearest good picture to a classifier that has a score too, as on the line', async () => {
    const graph = detectorGraph()
    const withClasses: Graph = {
      ...graph,
      nodes: [...graph.nodes, { name: 'classes', operator: 'Flatten', domain: '', inputs: ['score'], outputs: ['classes'], attributes: {} }],
      outputs: [...graph.outputs, { name: 'classes', type: 'float32', shape: ['N', 1] }]
    }

    expect(await evaluated(await spots(1), { methods: ['grad-cam'], bytes: encodeModel(withClasses) })).toMatchObject({ target: 'class', hidden: 'the nearest good picture' })
  })

  test('show the mean colour to a foreign classifier', async () => {
    expect(await evaluated(await spots(1), { methods: ['grad-cam'], bytes: classifier })).toMatchObject({ target: 'class', hidden: 'mean colour of the picture' })
  })
})

describe('a network with random weights', () => {
  /** What it makes of a spot, read against its own answer to a good picture, and its bare score of both. */
  async function answers (seed: number): Promise<{ excess: number, spotted: number, flat: number }> {
    const [bundle, bare] = [ExplainedModel.open((await spotBundle()).bytes), ExplainedModel.open(encodeModel(detectorGraph()))]
    const pictures = await Promise.all([spottedPicture(), flatPicture()].map((image) => workingPicture(image, bundle.input, 'mean')))
    const [spotted, flat] = pictures as [typeof pictures[0] & object, typeof pictures[0] & object]
    const [random, randomBare] = [await bundle.withRandomWeights(seed, [flat]), await bare.withRandomWeights(seed, [])]
    const ask = async (model: ExplainedModel, picture: typeof spotted): Promise<number> => (await model.confidences(picture, [null], { kind: 'score' }))[0] as number
    const found = { excess: await ask(random, spotted), spotted: await ask(randomBare, spotted), flat: await ask(randomBare, flat) }
    for (const model of [bundle, bare, random, randomBare]) await model.close()
    return found
  }

  test('is read against what it answers to good pictures, not against the learned network\'s good scores', async () => {
    const found = await Promise.all(Array.from({ length: 12 }, (_, seed) => answers(seed)))

    for (const { excess, spotted, flat } of found) expect(excess).toBeCloseTo(Math.max(0, spotted - flat), 3)
    expect(found.some(({ excess, flat }) => excess > 0 && flat > 1)).toBe(true)
  })

  test('is no passed check where it gives no map', async () => {
    const seeds = Array.from({ length: 12 }, (_, seed) => seed)
    const excess = await Promise.all(seeds.map(async (seed) => (await answers(seed)).excess))
    const [blind, seeing] = [excess.findIndex((value) => value === 0), excess.findIndex((value) => value > 0)]
    const folder = await spots(1)
    const { methods: [nothing] } = await evaluated(folder, { methods: ['rise'], sanity: true, seed: blind })
    const { methods: [something] } = await evaluated(folder, { methods: ['rise'], sanity: true, seed: seeing })

    expect([nothing?.withoutMap, nothing?.randomWithoutMap, nothing?.sanity]).toEqual([0, 1, undefined])
    expect([something?.randomWithoutMap, typeof something?.sanity?.value]).toEqual([0, 'number'])
  }, 120_000)
})
