/** Layers, size and penalty of a classifier, chosen by the loss on labelled training pictures that a fold did not see; whole parts stay together. */
import type { ScaleTrial } from '../../../schemas/bundle.ts'
import type { Backbone } from '../../backbones/backbone.ts'
import { permutation } from '../../random.ts'
import type { Random } from '../../random.ts'
import { featureGeometry } from '../backbone-features/feature-graph.ts'
import type { FeatureOptions } from '../backbone-features/feature-graph.ts'
import type { Scale } from '../backbone-features/candidate-scales.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { encodeModel } from '../../graph/encode.ts'
import { pooledRows } from '../pooled-rows.ts'
import { imagesPerSecondOf, slowerThan, tooSlow } from '../speed.ts'
import { buildClassifierGraph, frozenFeatures } from './classifier-graph.ts'
import { fitLogisticRegression, logLoss } from './logistic-regression.ts'
import type { LabelledRows, LinearHead } from './logistic-regression.ts'
import type { ClassifierOptions } from './options.ts'

export interface LabelledImages {
  images: readonly GoodImage[]
  /** Class of each. */
  labels: Uint32Array
  classes: number
}

export interface ChosenHead {
  features: FeatureOptions
  penalty: number
  head: LinearHead
  trials: ScaleTrial[]
}

/** Penalties that `auto` tries. */
const penalties = [0.001, 0.01, 0.1, 1]
const folds = 4

/** @throws GOODPARTS_FIT_FAILED when no scale is fast enough. */
export async function chooseHead (scales: readonly Scale[], options: ClassifierOptions, backbone: Backbone, { images, labels, classes }: LabelledImages, work: FitWork): Promise<ChosenHead> {
  const foldOf = drawFolds(images, work.random('trial'))
  const tried: Array<{ features: FeatureOptions, penalty: number, data: LabelledRows, loss: number, row: ScaleTrial }> = []
  const slow: ScaleTrial[] = []
  const target = options.targetImagesPerSecond
  for (const { layers, size } of scales) {
    const features = { backbone, layers, size, normalisation: options.normalisation }
    const imagesPerSecond = target === 0 ? null : await imagesPerSecondOf(untrainedModel(features, options.mapSigma, classes), images, work)
    if (imagesPerSecond !== null && imagesPerSecond < target) {
      slow.push({ layers, size, proxyAuroc: null, imagesPerSecond, settings: {}, outcome: slowerThan(target), chosen: false })
      continue
    }
    const rows = await pooledRows(features, images, work.under(`${size} ${layers}`))
    const data = { rows, width: featureGeometry(features).channels, labels, classes }
    for (const penalty of options.penalty === 'auto' ? penalties : [options.penalty]) {
      const open = scales.length > 1 || options.penalty === 'auto'
      const loss = open ? crossValidatedLoss(data, foldOf, penalty) : 0
      const settings = { penalty, crossValidatedLoss: Number(loss.toFixed(4)) }
      tried.push({ features, penalty, data, loss, row: { layers, size, proxyAuroc: null, imagesPerSecond, settings, outcome: 'behind', chosen: false } })
      await work.breathe()
    }
  }
  if (tried.length === 0) throw tooSlow(slow.map(({ imagesPerSecond }) => imagesPerSecond ?? 0), target)
  const best = tried.reduce((least, trial) => trial.loss < least.loss ? trial : least)
  Object.assign(best.row, { outcome: 'chosen', chosen: true })
  const { features, penalty } = best
  return { features, penalty, head: fitLogisticRegression(best.data, penalty), trials: tried.length + slow.length === 1 ? [] : [...slow, ...tried.map(({ row }) => row)] }
}

/** As fast as one that has learned. */
function untrainedModel (features: FeatureOptions, mapSigma: number, classes: number): Uint8Array {
  const head = { weights: new Float32Array(classes * featureGeometry(features).channels), bias: new Float32Array(classes) }
  return encodeModel(buildClassifierGraph(frozenFeatures(features), head, mapSigma))
}

/** Mean over the folds. */
function crossValidatedLoss (data: LabelledRows, foldOf: Uint32Array, penalty: number): number {
  let sum = 0
  for (let fold = 0; fold < folds; fold++) {
    const seen = subset(data, foldOf, (other) => other !== fold)
    const unseen = subset(data, foldOf, (other) => other === fold)
    if (seen.labels.length > 0 && unseen.labels.length > 0) sum += logLoss(fitLogisticRegression(seen, penalty), unseen) / folds
  }
  return sum
}

function subset ({ rows, width, labels, classes }: LabelledRows, foldOf: Uint32Array, wanted: (fold: number) => boolean): LabelledRows {
  const indices = [...foldOf.keys()].filter((index) => wanted(foldOf[index] as number))
  const some = new Float32Array(indices.length * width)
  indices.forEach((index, place) => { some.set(rows.subarray(index * width, (index + 1) * width), place * width) })
  return { rows: some, width, labels: Uint32Array.from(indices, (index) => labels[index] as number), classes }
}

/** A picture without a group is a part of its own. */
function drawFolds (images: readonly GoodImage[], random: Random): Uint32Array {
  const keys = images.map(({ group }, index) => group === null ? `picture ${index}` : `part ${group}`)
  const parts = [...new Set(keys)]
  const order = permutation(parts.length, random)
  const foldOfPart = new Map(parts.map((part, index) => [part, (order[index] as number) % folds]))
  return Uint32Array.from(keys, (key) => foldOfPart.get(key) ?? 0)
}
