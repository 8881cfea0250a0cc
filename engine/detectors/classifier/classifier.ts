/**
 * Supervised classification for where defects are known and labelled: a linear head over the pooled features of a frozen backbone, or of a small network
 * trained from nothing. It sees what it was shown; a kind of defect that is new to it may pass.
 */
import type { JsonValue, ScaleTrial } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { encodeModel } from '../../graph/encode.ts'
import { candidateScales, checkScale } from '../backbone-features/candidate-scales.ts'
import { chosenBackbone } from '../backbone-features/chosen-backbone.ts'
import type { DefectImage, Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { survey } from '../picture-survey.ts'
import type { PictureSurvey } from '../picture-survey.ts'
import { chooseHead } from './choose-head.ts'
import type { LabelledImages } from './choose-head.ts'
import { buildClassifierGraph, frozenFeatures } from './classifier-graph.ts'
import { trainClassifier } from './from-scratch.ts'
import { networkStride } from './network.ts'
import { classifierDefaults, readClassifierOptions } from './options.ts'
import type { ClassifierOptions } from './options.ts'

const family = 'classifier'

export const classifier: Detector = {
  family,
  description: 'Good or which defect, learned from labelled defects by a head on a frozen network or by a network from nothing; limits from good parts all the same',
  defaults: { ...classifierDefaults },
  learnsDefects: 'required',
  check: (given) => { checkClassifier(readClassifierOptions(given)) },
  fit
}

const fewestOfEachClass = 2

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readClassifierOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const counts = countTypes(work.defects)
  checkClassifier(options)
  const pictures = await survey(images, work)
  const defects = work.defects.map((defect): GoodImage => ({ ...defect, calibration: false }))
  const defectPictures = await survey(defects, work.under('defects'))

  const classNames = ['good', ...options.classes === 'named' ? Object.keys(counts) : ['defect']]
  const classOf = ({ className }: DefectImage): number => options.classes === 'named' ? classNames.indexOf(className) : 1
  const labelled = { images: [...split.kept, ...defects], labels: Uint32Array.from([...split.kept.map(() => 0), ...work.defects.map(classOf)]), classes: classNames.length }
  const learned = options.features === 'scratch' ? await fromScratch(options, labelled, pictures, work) : await onFrozenFeatures(options, labelled, pictures, work)
  const { model, scale, size, penalty, trials, versions } = learned
  return finishBundle({
    family,
    name: `${family} ${scale} ${size}`,
    model,
    options: { ...options, scale, size, penalty },
    split,
    pictures,
    trials,
    begun,
    classNames,
    defects: { images: counts, imageHashes: defectPictures.hashesOf(defects) },
    versions
  }, work)
}

interface Learned {
  model: Uint8Array
  scale: string
  size: number
  penalty: number
  trials: ScaleTrial[]
  versions: { [name: string]: string }
}

async function onFrozenFeatures (options: ClassifierOptions, labelled: LabelledImages, { edge }: PictureSurvey, work: FitWork): Promise<Learned> {
  const backbone = await chosenBackbone(options)
  const { features, penalty, head, trials } = await chooseHead(candidateScales(options, backbone, edge), options, backbone, labelled, work.under('learning'))
  const model = encodeModel(buildClassifierGraph(frozenFeatures(features), head, options.mapSigma))
  return { model, scale: features.layers, size: features.size, penalty, trials, versions: { backbone: backbone.name } }
}

async function fromScratch (options: ClassifierOptions, labelled: LabelledImages, { input }: PictureSurvey, work: FitWork): Promise<Learned> {
  return { ...await trainClassifier(options, labelled, input.channels, work.learning()), scale: 'scratch', trials: [], versions: {} }
}

/** A network of its own has no layers to choose from. */
function checkClassifier (options: ClassifierOptions): void {
  const { features, size } = options
  if (features === 'frozen') checkScale(options)
  else if (size !== 'auto' && size % networkStride !== 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected size to be a multiple of ${networkStride} for features=scratch, got ${size}`)
}

/** Pictures of each type, in order of name. @throws GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_ARGUMENT for a type called good. */
function countTypes (defects: readonly DefectImage[]): { [className: string]: number } {
  const counts: { [className: string]: number } = {}
  for (const { className } of defects.toSorted((a, b) => a.className < b.className ? -1 : 1)) counts[className] = (counts[className] ?? 0) + 1
  const rare = Object.entries(counts).find(([, count]) => count < fewestOfEachClass)
  if (defects.length === 0 || rare !== undefined) {
    throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES',
      `Expected at least ${fewestOfEachClass} labelled pictures of each type of defect, got ${rare === undefined ? 'no defect at all' : `${rare[1]} of ${rare[0]}`}`,
      { fix: 'A data set gives them by rows with split=train and a label other than good, a folder of defects by a folder for each type; detectors of another family learn from good parts alone.' })
  }
  if (counts['good'] !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected types of defects to have names of their own, got good')
  return counts
}
