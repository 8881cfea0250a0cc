/** Explains parts by the methods asked for, the bundle kept open between them. Blocks its thread: runs in the explanation process. */
import { createHash } from 'node:crypto'
import { readBundle } from '../bundle/bundle.ts'
import type { GoodExemplars } from '../bundle/good-exemplars.ts'
import { exemplarsOf } from '../bundle/kept-exemplars.ts'
import { GoodpartsError } from '../errors.ts'
import { encodeJpeg, type RawImage } from '../frame/image-codec.ts'
import { quantiseMap } from '../frame/quantised-map.ts'
import { clearRegions } from './clear-regions.ts'
import { explainAll, type Attempt } from './explain-all.ts'
import type { Explainer, ExplainOptions } from './explainer.ts'
import { withoutMapText } from './masked-passes.ts'
import { ExplainedModel } from './model/explained-model.ts'
import { otsuThreshold } from './otsu.ts'
import { overlayMap } from './overlay.ts'
import type { MethodExplanation, PartExplanation, PartRequest } from './part-explanation.ts'
import { explainerByName } from './registry.ts'

const evidenceQuality = 85

interface OpenBundle {
  id: string
  model: ExplainedModel
  exemplars: GoodExemplars
}

export class PartExplainer {
  readonly #now: () => number
  #open: OpenBundle | undefined

  /** `now` counts the time of budgets, in milliseconds. */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  /** @throws GOODPARTS_BUNDLE_INVALID as `readBundle`, GOODPARTS_EXPLANATION_FAILED when the bundle is another one by now, and what is wrong with the picture. What fails in one method leaves that one out. */
  async explain (request: PartRequest): Promise<PartExplanation> {
    const { image, methods, budget, seed, judge } = request
    const { model, exemplars } = await this.#bundle(request.bundle)
    const nearest = await exemplars.nearest(image)
    const now = this.#now
    // What the verdict comes from; a classifier's is the log-odds of any defect against good.
    const options: ExplainOptions & { judge: boolean } = { target: { kind: 'score' }, now, seed, judge, batch: 8, baseline: nearest?.image ?? 'mean' }
    const result: PartExplanation = { explanations: [], without: [], evidence: nearest === null ? null : { name: nearest.name, ...await jpegOf(nearest.image, evidenceQuality) } }
    // By the methods themselves: neither judging one nor showing it is charged to the next.
    let spent = 0
    for (const [index, name] of methods.entries()) {
      const left = budget === null ? {} : { budget: Math.max(0, budget - spent) / (methods.length - index) }
      const explainer: Explainer = explainerByName(name)
      const begun = now()
      const [attempt] = await explainAll(model, image, [explainer], { ...options, ...left }) as [Attempt]
      spent += attempt.saliency?.milliseconds ?? now() - begun
      if (attempt.saliency === null) result.without.push({ method: name, reason: attempt.obstacle, ...(attempt.code === null ? {} : { code: attempt.code }) })
      else if (attempt.saliency.map === null) result.without.push({ method: name, reason: withoutMapText(attempt.saliency, 'score') })
      else result.explanations.push(await present(attempt, request))
    }
    return result
  }

  async close (): Promise<void> {
    await this.#open?.model.close()
    this.#open = undefined
  }

  async #bundle ({ path, id }: PartRequest['bundle']): Promise<OpenBundle> {
    if (this.#open?.id === id) return this.#open
    await this.close()
    const { bytes, metadata } = await readBundle(path)
    if (metadata.id !== id) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', `Expected ${path} to hold the bundle ${id} that judged the part, got ${metadata.id}`)
    this.#open = { id, model: ExplainedModel.open(bytes), exemplars: await exemplarsOf(bytes) }
    return this.#open
  }
}

async function present ({ method, saliency, faithfulness }: Attempt, { image, zones, opacity, quality }: PartRequest): Promise<MethodExplanation> {
  const map = saliency?.map
  if (saliency === null || map == null) throw new TypeError(`Expected a map of ${method}, got none`)
  const { forwards, skipped, milliseconds } = saliency
  const limit = otsuThreshold(map.values) ?? 1
  return {
    method,
    map,
    quantised: quantiseMap(map),
    mapSha256: sha256(new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength)),
    ...await jpegOf(overlayMap(image, map, { range: { from: 0.05, to: 1 }, outline: limit, opacity }), quality),
    regions: clearRegions(map, { limit, frame: image, zones, doneShare: skipped === null ? 1 : forwards.done / forwards.planned }),
    faithfulness,
    forwards,
    skipped,
    milliseconds
  }
}

async function jpegOf (image: RawImage, quality: number): Promise<{ jpeg: Uint8Array, sha256: string }> {
  const jpeg = await encodeJpeg({ ...image, pixels: () => image.data }, quality)
  return { jpeg, sha256: sha256(jpeg) }
}

function sha256 (data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
