/** Classifiers that others made, exported by PyTorch: every method runs on them, and finds their layers by itself. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { workingPicture } from '../../engine/explain/model/working-picture.ts'
import { explainers } from '../../engine/explain/registry.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { seededRandom } from '../../engine/random.ts'

const names = ['resnet-narrow', 'mobilenet-v2-narrow', 'mobilenet-v3-narrow', 'vision-transformer-narrow']
const classes = 3

/** Of a hard swish nearly all is below zero, and these two weigh by positive gradients alone. */
const hasNone = (name: string, method: string): boolean => name === 'mobilenet-v3-narrow' && ['grad-cam++', 'layer-cam'].includes(method)

const models = new Map(names.map((name) => [name, ExplainedModel.open(readFileSync(join(import.meta.dirname, '..', 'graph', 'fixtures', `${name}.onnx`)))]))

afterAll(async () => { for (const model of models.values()) await model.close() })

function texture (): RawImage {
  const random = seededRandom(7)
  return { data: Uint8Array.from({ length: 48 * 48 * 3 }, (_, i) => 120 + 60 * Math.sin(Math.floor(i / 3) % 48 / 4) + 40 * random()), width: 48, height: 48, channels: 3 }
}

describe.each(names)('%s', (name) => {
  const model = models.get(name)!
  const target = { kind: 'class', index: 1 } as const

  test('gives its layers from fine to coarse, each size once', async () => {
    const layers = await model.layers(await workingPicture(texture(), model.input, 'mean'), target)

    // A transformer keeps its places after the patches are embedded, and their number.
    expect(layers.length).toBeGreaterThanOrEqual(name === 'vision-transformer-narrow' ? 1 : 2)
    const sizes = layers.map(({ height, width }) => height * width)
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => b - a))
  })

  test.each(explainers.filter(({ method }) => method !== 'anomaly-map').map((explainer) => [explainer.method, explainer] as const))('is explained by %s', async (_method, explainer) => {
    expect(explainer.obstacle(model, target)).toBeNull()

    // Of a class that nothing speaks for there is no map; for one of them something does.
    for (let index = 0; index < classes; index++) {
      const { map, forwards } = await explainer.explain(model, texture(), { target: { kind: 'class', index } })
      expect(forwards.done).toBe(forwards.planned)
      if (map === null) continue
      expect([map.width, map.height]).toEqual([model.input.width, model.input.height])
      expect(map.values.every((value) => value >= 0 && value <= 1)).toBe(true)
      expect(Math.max(...map.values)).toBe(1)
      return
    }
    expect(hasNone(name, explainer.method), 'every class is without a map').toBe(true)
  })
})
