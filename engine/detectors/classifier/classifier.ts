/**
 * Supervised classification for where defects are known and labelled: a linear head over the pooled features of a frozen backbone. It sees what it was
 * shown; a kind of defect that is new to it may pass.
 */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { encodeModel } from '../../graph/encode.ts'
import { candidateScales, checkScale } from '../backbone-features/candidate-scales.ts'
import { chosenBackbone } from '../backbone-features/chosen-backbone.ts'
import type { DefectImage, Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { survey } from '../picture-survey.ts'
import { chooseHead } from './choose-head.ts'
import { buildClassifierGraph } from './classifier-graph.ts'
import { classifierDefaults, readClassifierOptions } from './options.ts'

const family = 'classifier'

export const classifier: Detector = {
  family,
  description: 'Good or which defect, by a linear head learned from labelled defects; limits from good parts all the same',
  defaults: { ...classifierDefaults },
  learnsDefects: 'required',
  check: (given) => { checkScale(readClassifierOptions(given)) },
  fit
}

const fewestOfEachClass = 2

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readClassifierOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const counts = countTypes(work.defects)
  const backbone = await chosenBackbone(options)
  const pictures = await survey(images, work)
  const defects = work.defects.map((defect): GoodImage => ({ ...defect, calibration: false }))
  const defectPictures = await survey(defects, work.under('defects'))

  const classNames = ['good', ...options.classes === 'named' ? Object.keys(counts) : ['defect']]
  const classOf = ({ className }: DefectImage): number => options.classes === 'named' ? classNames.indexOf(className) : 1
  const labelled = { images: [...split.kept, ...defects], labels: Uint32Array.from([...split.kept.map(() => 0), ...work.defects.map(classOf)]), classes: classNames.length }
  const { features, penalty, head, trials } = await chooseHead(candidateScales(options, backbone, pictures.edge), options, backbone, labelled, work.under('learning'))
  return finishBundle({
    family,
    name: `${family} ${features.layers} ${features.size}`,
    model: encodeModel(buildClassifierGraph({ ...features, mapSigma: options.mapSigma }, head)),
    options: { ...options, scale: features.layers, size: features.size, penalty },
    split,
    pictures,
    trials,
    begun,
    classNames,
    defects: { images: counts, imageHashes: defectPictures.hashesOf(defects) },
    versions: { backbone: backbone.name }
  }, work)
}

/** Pictures of each type, in order of name. @throws GOODPARTS_TOO_FEW_IMAGES, GOODPARTS_ARGUMENT for a type called good. */
function countTypes (defects: readonly DefectImage[]): { [className: string]: number } {
  const counts: { [className: string]: number } = {}
  for (const { className } of defects.toSorted((a, b) => a.className < b.className ? -1 : 1)) counts[className] = (counts[className] ?? 0) + 1
  const rare = Object.entries(counts).find(([, count]) => count < fewestOfEachClass)
  if (defects.length === 0 || rare !== undefined) {
    throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES',
      `Expected at least ${fewestOfEachClass} labelled pictures of each type of defect, got ${rare === undefined ? 'no defect at all' : `${rare[1]} of ${rare[0]}`}`,
      { fix: 'A data set gives them by rows with split=train and a label other than good; detectors of another family learn from good parts alone.' })
  }
  if (counts['good'] !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected types of defects to have names of their own, got good')
  return counts
}
