/** What every method of explanation promises, on every kind of model that it takes. */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import type { ExplainOptions } from '../../engine/explain/explainer.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { explainers } from '../../engine/explain/registry.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { classifier, classifierGraph, detector, distanceDetectorGraph, edge, flatPicture, foreignDetectorGraph, spot, spottedPicture, twoScaleClassifierGraph } from './hand-built-models.ts'

const models = [
  { name: 'a detector', model: ExplainedModel.open(detector), target: { kind: 'score' } },
  { name: 'a classifier', model: ExplainedModel.open(classifier), target: { kind: 'class', index: 1 } },
  { name: 'a classifier with softmax and one picture a pass', model: ExplainedModel.open(encodeModel(classifierGraph({ softmax: true, batch: 1 }))), target: { kind: 'class', index: 1 } },
  { name: 'a classifier with softmax and eight pictures a pass', model: ExplainedModel.open(encodeModel(classifierGraph({ softmax: true, batch: 8 }))), target: { kind: 'class', index: 1 } },
  { name: 'somebody else\'s detector, four pictures a pass', model: ExplainedModel.open(encodeModel(foreignDetectorGraph({ batch: 4 }))), target: { kind: 'score' } },
  { name: 'somebody else\'s detector with a column of scores', model: ExplainedModel.open(encodeModel(foreignDetectorGraph({ column: true }))), target: { kind: 'score' } },
  { name: 'a classifier of two scales', model: ExplainedModel.open(encodeModel(twoScaleClassifierGraph())), target: { kind: 'class', index: 1 } },
  { name: 'a detector by distance', model: ExplainedModel.open(encodeModel(distanceDetectorGraph())), target: { kind: 'score' } }
] as const

afterEach(() => { vi.restoreAllMocks() })
afterAll(async () => { for (const { model } of models) await model.close() })

describe.each(explainers.map((explainer) => [explainer.method, explainer] as const))('%s', (_name, explainer) => {
  const cases = models.filter(({ model, target }) => explainer.obstacle(model, target) === null)

  test('explains at least one kind of model', () => {
    expect(cases.length).toBeGreaterThan(0)
  })

  describe.each(cases)('of $name', ({ model, target }) => {
    const options: ExplainOptions = { target, seed: 3 }

    test('is a map in [0, 1] that is highest at the spot', async () => {
      const { method, map, skipped, forwards } = await explainer.explain(model, spottedPicture(), options)

      expect(method).toBe(explainer.method)
      expect(map!.values).toHaveLength(map!.height * map!.width)
      expect(Math.min(...map!.values)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...map!.values)).toBe(1)
      const { inside, outside } = means(map!)
      expect(inside).toBeGreaterThan(1.5 * outside)
      expect(skipped).toBeNull()
      expect(forwards.done).toBe(forwards.planned)
    })

    test('is the same for the same seed', async () => {
      const [first, second] = [await explainer.explain(model, spottedPicture(), options), await explainer.explain(model, spottedPicture(), options)]

      expect(second.map).toEqual(first.map)
    })

    test('is no map where nothing speaks for the target', async () => {
      const { map } = await explainer.explain(model, flatPicture(), options)

      expect(map).toBeNull()
    })

    test('gives what it has when the budget ends, and says what is missing', async () => {
      const { forwards: { planned } } = await explainer.explain(model, spottedPicture(), options)
      const { map, skipped, forwards } = await explainer.explain(model, spottedPicture(), { ...options, budget: 0, batch: 1 })

      if (skipped === null) {
        // The gradients and the first mask of each of two layers are taken in any case.
        expect(forwards).toEqual({ done: planned, planned: Math.min(planned, 3) })
        return
      }
      expect(forwards.done).toBeLessThan(planned)
      expect(skipped).toMatch(/^\d+ of \d+ /)
      if (map !== null) expect(Math.max(...map.values)).toBe(1)
    })

    test('ends with the reason of its signal', async () => {
      const explaining = explainer.explain(model, spottedPicture(), { ...options, signal: AbortSignal.abort(new Error('the line stops')) })

      await expect(explaining).rejects.toThrow('the line stops')
    })

    test('ends in the middle with the reason of its signal', async () => {
      const { forwards: { planned } } = await explainer.explain(model, spottedPicture(), options)
      // One pass, or one for gradients and one mask, have no middle.
      if (planned <= 2) return
      const abort = new AbortController()
      const confidences = model.confidences.bind(model)
      const asked = vi.spyOn(model, 'confidences').mockImplementation(async (...masked) => {
        abort.abort(new Error('the line stops'))
        return confidences(...masked)
      })

      await expect(explainer.explain(model, spottedPicture(), { ...options, batch: 1, signal: abort.signal })).rejects.toThrow('the line stops')
      expect(asked).toHaveBeenCalledTimes(1)
    })
  })

  test('refuses a target that the model does not have', async () => {
    const explaining = explainer.explain(models[0].model, spottedPicture(), { target: { kind: 'class', index: 0 } })

    await expect(explaining).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })
  })
})

function means (map: { values: Float32Array, height: number, width: number }): { inside: number, outside: number } {
  const sums = { inside: 0, outside: 0 }
  const counts = { inside: 0, outside: 0 }
  map.values.forEach((value, index) => {
    const [x, y] = [(index % map.width + 0.5) * edge / map.width, (Math.floor(index / map.width) + 0.5) * edge / map.height]
    const side = x >= spot[0] && x < spot[2] && y >= spot[1] && y < spot[3] ? 'inside' : 'outside'
    sums[side] += value
    counts[side]++
  })
  return { inside: sums.inside / counts.inside, outside: sums.outside / counts.outside }
}
