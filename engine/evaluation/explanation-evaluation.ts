/** Methods of explanation against the ground truth of a data set's defects, and against the model itself. */
import type { ExplainedPicture, ExplanationFindings, ExplanationMethodFindings } from '../../schemas/evaluation.ts'
import { spread } from '../detectors/proxy-choice.ts'
import { GoodpartsError } from '../errors.ts'
import type { Baseline, Explainer, ExplanationTarget, Saliency } from '../explain/explainer.ts'
import { isObstacle } from '../explain/explain-all.ts'
import { GoodExemplars } from '../bundle/good-exemplars.ts'
import { agreement, type Agreement } from '../explain/metrics/agreement.ts'
import { meanEstimate, partsOf, ratioEstimate, type BootstrapOptions, type Estimate } from '../explain/metrics/bootstrap.ts'
import { faithfulness, type Faithfulness } from '../explain/metrics/faithfulness.ts'
import { rankCorrelation } from '../explain/metrics/rank-correlation.ts'
import type { ExplainedModel } from '../explain/model/explained-model.ts'
import { workingPicture, type WorkingPicture } from '../explain/model/working-picture.ts'
import type { MapValues } from '../explain/map-rows.ts'
import { decodeImage, type RawImage } from '../frame/image-codec.ts'
import { resampleMap } from '../frame/resample-map.ts'
import { quantile } from '../quantile.ts'
import { clopperPearson } from './binomial-interval.ts'
import { goodImages, testEntries, type Dataset, type DatasetEntry } from './dataset.ts'
import { groundTruthOf } from './pixel-evaluation.ts'

export interface ExplanationEvaluationOptions {
  methods: readonly Explainer[]
  seed: number
  /** At most so many defective pictures, evenly spread. Default: all. */
  images?: number
  /** Milliseconds for each explanation. */
  budget?: number
  /** Also explain the same network with random weights, and compare the maps: takes as long again. */
  sanity?: boolean
  /** What the findings call a picture. */
  nameOf (path: string): string
  /** Told of some pictures, evenly spread, with all their maps: for a report. */
  show? (shown: ExplainedMaps): Promise<void>
  progress (stage: string, done: number, total: number): void
  signal: AbortSignal
}

/** A picture and the maps that the methods have of it, `null` where they have none. */
export interface ExplainedMaps {
  entry: DatasetEntry
  image: RawImage
  maps: ReadonlyMap<string, MapValues | null>
}

/** Of one picture and method; without the map, which would fill the memory over a data set. */
interface Sample {
  path: string
  group: string | null
  map: ExplainedPicture['map']
  milliseconds: number
  forwards: number
  endedByBudget: boolean
  agreement: Agreement
  faithfulness: Faithfulness | null
  /** `undefined` where there is nothing to compare, `null` where only the random network gives no map. */
  sanity: number | null | undefined
}

/** Good pictures among which the nearest is sought. */
const mostExemplars = 64
/** Pictures that a report shows with their maps. */
const mostShown = 4
/** Good pictures whose median score a network with random weights is read against. */
const goodOfRandom = 16

/** Defects whose place is known. @throws GOODPARTS_DATASET_INVALID without any */
export function locatedDefects (dataset: Dataset): DatasetEntry[] {
  const found = testEntries(dataset).filter(({ isGood, mask, boxes }) => !isGood && (mask !== null || boxes.length > 0))
  if (found.length > 0) return found
  throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${dataset.source} to have defects with a mask or boxes, got none`,
    { fix: 'Give masks or boxes in the columns of dataset.csv, or ground_truth/<type>/*_mask.png.' })
}

/**
 * When aborted, or when something fails that is no matter of the method, what was found until then, each method on the same pictures.
 * @throws as `locatedDefects`; the signal's reason, or what failed, before the first.
 */
export async function evaluateExplanations (dataset: Dataset, model: ExplainedModel, options: ExplanationEvaluationOptions): Promise<ExplanationFindings> {
  const { methods, seed, budget, signal } = options
  const entries = spread(locatedDefects(dataset), options.images ?? Infinity)
  // Every bundle has a score, a classifier too: to what learned from good parts, mean colour is a defect. A model of classes alone may have been taught anything.
  const exemplars = model.hasScore ? await goodOnes(dataset) : null
  const random = options.sanity === true ? await withRandomWeights(model, dataset, seed) : null
  const shown = new Set(options.show === undefined ? [] : spread(entries, mostShown))
  const samples = new Map<Explainer, Sample[]>(methods.map((explainer) => [explainer, []]))
  const unavailable = new Map<Explainer, string>()
  const areas: Array<{ group: string | null, share: number }> = []
  let failure: string | null = null
  try {
    for (const [index, entry] of entries.entries()) {
      options.progress('explaining', index, entries.length)
      await explainOne(entry)
    }
  } catch (error) {
    if (areas.length === 0) signal.throwIfAborted()
    if (areas.length === 0) throw error
    if (!signal.aborted) failure = error instanceof Error ? error.message : String(error)
  } finally {
    await random?.close()
  }
  if (areas.length === 0) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected the masks and boxes of ${dataset.source} to cover something, got none that does`)
  const groups = areas.map(({ group }) => group)
  const shares = areas.map(({ share }) => share)
  return {
    methods: methods.filter((explainer) => !unavailable.has(explainer)).map((explainer) => summarise(explainer, samples.get(explainer) ?? [], seed)),
    baselines: {
      zeroMaskL1: meanEstimate(shares, { seed, groups }),
      uniformMaskL1: meanEstimate(shares.map((share) => 1 - share), { seed, groups }),
      areaShare: meanEstimate(shares, { seed, groups })
    },
    unavailable: [...unavailable].map(([{ method }, reason]) => ({ method, reason })),
    target: model.hasClasses ? 'class' : 'score',
    hidden: exemplars === null || exemplars.size === 0 ? 'mean colour of the picture' : 'the nearest good picture',
    budget: budget ?? null,
    seed,
    ...(failure === null ? {} : { failure })
  }

  async function explainOne (entry: DatasetEntry): Promise<void> {
    const image = await decodeImage(entry.path)
    const truth = await groundTruthOf({ entry, image }, image.width, image.height)
    if (truth === null) return
    const hidden: Baseline = (await exemplars?.nearest(image))?.image ?? 'mean'
    const asked = { target: await targetOf(model, entry, image), baseline: hidden, seed, signal, ...(budget === undefined ? {} : { budget }) }
    const found = new Map<Explainer, Sample>()
    const maps = new Map<string, MapValues | null>()
    for (const explainer of methods) {
      if (unavailable.has(explainer)) continue
      signal.throwIfAborted()
      try {
        const saliency = await explainer.explain(model, image, asked)
        if (shown.has(entry)) maps.set(explainer.method, saliency.map)
        const unlearned = random === null || saliency.map === null ? null : await explainer.explain(random, image, asked)
        found.set(explainer, {
          path: options.nameOf(entry.path),
          group: entry.group,
          map: saliency.map !== null ? 'found' : saliency.skipped === null ? 'nothing' : 'time-up',
          milliseconds: saliency.milliseconds,
          forwards: saliency.forwards.done,
          endedByBudget: saliency.skipped !== null,
          ...await judge(model, image, truth.labels, saliency, { target: asked.target, hidden }),
          sanity: likeness(saliency, unlearned, image)
        })
      } catch (error) {
        if (signal.aborted || !isObstacle(error)) throw error
        unavailable.set(explainer, error.message)
      }
    }
    areas.push({ group: entry.group, share: truth.labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0) / truth.labels.length })
    for (const [explainer, sample] of found) samples.get(explainer)?.push(sample)
    if (shown.has(entry)) await options.show?.({ entry, image, maps })
  }
}

/** A classifier explains the class of the label where it has that one, else `defect`, else the likeliest one that is not `good`; a detector its score. */
export async function targetOf (model: ExplainedModel, entry: Pick<DatasetEntry, 'label'>, image: RawImage): Promise<ExplanationTarget> {
  if (!model.hasClasses) return { kind: 'score' }
  const names = model.metadata?.classNames ?? []
  // Of two classes, one of them good, a defect is the other, whatever the data set calls it.
  const only = names.length === 2 ? names.find((name) => name !== 'good') ?? '' : ''
  const named = [entry.label, 'defect', only].map((name) => names.indexOf(name)).find((index) => index >= 0)
  return { kind: 'class', index: named !== undefined ? named : await model.likeliestClass(await workingPicture(image, model.input, 'mean'), (index) => names[index] !== 'good') }
}

async function judge (model: ExplainedModel, image: RawImage, truth: Int32Array, { map }: Saliency, { target, hidden }: { target: ExplanationTarget, hidden: Baseline }): Promise<Pick<Sample, 'agreement' | 'faithfulness'>> {
  const { width, height } = image
  const values = map === null ? new Float32Array(width * height) : resampleMap(map, width, height)
  const picture = await workingPicture(image, model.input, hidden)
  const faithful = map === null ? null : await faithfulness(model, picture, resampleMap(map, picture.width, picture.height), { target })
  return { agreement: agreement({ values, width, height }, truth), faithfulness: faithful }
}

/** Good pictures of whatever split: the random network has learned from none. */
async function withRandomWeights (model: ExplainedModel, { entries }: Dataset, seed: number): Promise<ExplainedModel> {
  const good: WorkingPicture[] = []
  for (const { path } of spread(entries.filter(({ isGood }) => isGood), goodOfRandom)) good.push(await workingPicture(await decodeImage(path), model.input, 'mean'))
  return model.withRandomWeights(seed, good)
}

function likeness ({ map }: Saliency, unlearned: Saliency | null, { width, height }: RawImage): Sample['sanity'] {
  if (map === null || unlearned === null) return undefined
  return unlearned.map === null ? null : rankCorrelation(resampleMap(map, width, height), resampleMap(unlearned.map, width, height))
}

/**
 * Of hits, each 0 or 1 but where equally high pixels share one. Whole hits of one picture of each part, or of parts that are all alike, are a binomial share,
 * whose bounds are exact: near 0 and 1 those of the bootstrap are too narrow, and at them have no width.
 */
function shareEstimate (hits: readonly number[], unit: number, options: BootstrapOptions): Estimate | null {
  if (hits.length === 0) return null
  const parts = partsOf(hits.length, options.groups).length
  const share = hits.reduce((sum, hit) => sum + hit, 0) / hits.length
  const isBinomial = hits.every((hit) => hit === 0 || hit === 1) && (parts === hits.length || share === 0 || share === 1)
  if (!isBinomial) return meanEstimate(hits.map((hit) => unit * hit), options)
  const { low, high } = clopperPearson(Math.round(share * parts), parts)
  return { value: unit * share, low: unit * low, high: unit * high }
}

function summarise ({ method }: Explainer, samples: readonly Sample[], seed: number): ExplanationMethodFindings {
  const groups = samples.map(({ group }) => group)
  const agreed = (name: keyof Agreement): Estimate | null => meanEstimate(samples.map((sample) => sample.agreement[name]), { seed, groups })
  const faithful = samples.flatMap((sample) => sample.faithfulness === null ? [] : [{ group: sample.group, ...sample.faithfulness }])
  const asked = (name: keyof Faithfulness, unit = 1): Estimate | null => meanEstimate(faithful.map((one) => unit * one[name]), { seed, groups: faithful.map(({ group }) => group) })
  const asRandom = samples.flatMap(({ group, sanity }) => sanity === undefined ? [] : [{ group, sanity }])
  const compared = asRandom.flatMap(({ group, sanity }) => sanity === null ? [] : [{ group, sanity }])
  const sanity = meanEstimate(compared.map((one) => one.sanity), { seed, groups: compared.map(({ group }) => group) })
  const times = samples.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const without = (map: Sample['map']): number => samples.filter((sample) => sample.map === map).length
  return {
    method,
    n: samples.length,
    withoutMap: without('nothing'),
    timeUp: without('time-up'),
    judged: faithful.length,
    ebpg: agreed('ebpg'),
    ebpgLift: ratioEstimate(samples.map((sample) => sample.agreement.ebpg), samples.map((sample) => sample.agreement.areaShare), { seed, groups }),
    maskL1: agreed('maskL1'),
    pointingGame: shareEstimate(samples.map((sample) => sample.agreement.pointingGame), 1, { seed, groups }),
    bbox: agreed('bbox'),
    iouOtsu: agreed('iouOtsu'),
    iouTop20: agreed('iouTop20'),
    insertion: asked('insertion'),
    deletion: asked('deletion'),
    drop: asked('drop', 100),
    increase: shareEstimate(faithful.map((one) => one.increase), 100, { seed, groups: faithful.map(({ group }) => group) }),
    ...(sanity === null ? {} : { sanity }),
    ...(asRandom.length === 0 ? {} : { randomWithoutMap: asRandom.length - compared.length }),
    milliseconds: times.length === 0 ? { median: 0, p95: 0 } : { median: quantile(times, 0.5), p95: quantile(times, 0.95) },
    forwards: samples.reduce((sum, { forwards }) => sum + forwards, 0) / Math.max(1, samples.length),
    endedByBudget: samples.filter(({ endedByBudget }) => endedByBudget).length,
    pictures: samples.map(({ path, group, map, agreement: { ebpg, maskL1 } }) => ({ path, group, map, ebpg, maskL1 }))
  }
}

async function goodOnes (dataset: Dataset): Promise<GoodExemplars> {
  const exemplars = new GoodExemplars()
  if (!dataset.entries.some(({ isGood, split }) => isGood && split === 'train')) return exemplars
  for (const good of spread(goodImages(dataset).filter(({ calibration }) => !calibration), mostExemplars)) await exemplars.add({ name: good.name, image: await good.read() })
  return exemplars
}
