/** At which layer Grad-CAM asks each family of detectors: the last map of features, and one that all evidence passes. */
import { describe, expect, test } from 'vitest'
import { detectors } from '../../engine/detectors/registry.ts'
import { drawDefect } from '../../engine/detectors/synthetic-defects.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import type { SpatialLayer } from '../../engine/explain/model/spatial-layers.ts'
import { workingPicture } from '../../engine/explain/model/working-picture.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import { cutAt } from '../../engine/graph/edit.ts'
import type { Graph } from '../../engine/graph/graph.ts'
import { goodPart, goodParts } from '../detectors/good-parts.ts'
import { quickOptions } from '../detectors/quick-options.ts'

const target = { kind: 'score' } as const
const defects = Array.from({ length: 24 }, (_, index) => {
  const { image, shape } = drawDefect(goodPart(500 + index), goodPart(501 + index), index)
  return { name: `defect ${index}`, group: null, className: shape, read: () => Promise.resolve(image) }
})

/** Channels, height and width. Of the families that look at two scales: at the finer one's grid. */
const last: Record<string, [number, number, number]> = {
  'patch-memory': [33, 24, 24],
  density: [24, 24, 24],
  classifier: [64, 24, 24],
  discriminative: [25, 24, 24],
  distillation: [64, 16, 16],
  contrastive: [24, 32, 32],
  // The picture itself goes around the network, so that no layer is passed by all: the narrow middle.
  reconstruction: [8, 4, 4]
}

async function fitted (family: string): Promise<ExplainedModel> {
  const detector = detectors.find((candidate) => candidate.family === family)!
  const { bytes } = await detector.fit(goodParts(40), { ...quickOptions[family], ...(quickOptions[family]?.['steps'] === undefined ? {} : { steps: 20 }) }, {
    seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal, ...(detector.learnsDefects === 'required' ? { defects } : {})
  })
  return ExplainedModel.open(bytes)
}

/** Whether the score needs no pixel once the layer is known. */
function passesAll (graph: Graph, { value }: SpatialLayer): boolean {
  const given = { ...graph, inputs: [...graph.inputs, { name: value, type: 'float32' as const, shape: null }], nodes: graph.nodes.filter(({ outputs }) => !outputs.includes(value)) }
  return cutAt(given, ['score']).nodes.every(({ operator, inputs }) => operator === 'Shape' || !inputs.includes('image'))
}

describe.each(Object.entries(last))('of %s', (family, [channels, height, width]) => {
  test('is where all that it has seen comes together, and Grad-CAM has a map of a defect there', async () => {
    const model = await fitted(family)
    const image = drawDefect(goodPart(900), goodPart(901), 900).image
    try {
      const layers = await model.layers(await workingPicture(image, model.input, 'mean'), target)
      expect(layers.at(-1)).toMatchObject({ channels, height, width })
      expect(passesAll(model.graph, layers.at(-1)!)).toBe(family !== 'reconstruction')
      const { map } = await explainerByName('grad-cam').explain(model, image, { target })
      expect(map).not.toBeNull()
    } finally {
      await model.close()
    }
  }, 120_000)
})

test('there is none in a template, which has learned no features', async () => {
  const model = await fitted('template-difference')
  const image = goodPart(900)
  await expect(model.layers(await workingPicture(image, model.input, 'mean'), target)).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })
  await model.close()
})

test('every family is told', () => {
  expect([...Object.keys(last), 'template-difference'].sort()).toEqual(detectors.map(({ family }) => family).sort())
})
