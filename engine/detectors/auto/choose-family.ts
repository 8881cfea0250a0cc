/** Which family sees defects drawn on held-out good parts best. No real defect has a say. */
import type { JsonValue, ScaleTrial } from '../../../schemas/bundle.ts'
import { asGoodpartsError, GoodpartsError } from '../../errors.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { drawnPictures } from '../drawn-pictures.ts'
import { FitWork } from '../fit-work.ts'
import { fewestToCalibrate, fewestToLearn, holdOut } from '../hold-out.ts'
import { judgeModel, spread } from '../proxy-choice.ts'
import { atAnySpeed, slowerThan } from '../speed.ts'
import type { AutoOptions } from './options.ts'

export interface FamilyChoice {
  family: string
  /** As the trial resolved them, layers and size among them; its speed, which was fast enough, is not asked for again. */
  options: { readonly [option: string]: JsonValue }
  /** One row for each family, then those of the choice of layers and size of the winner. */
  trials: ScaleTrial[]
}

/** Share of the good parts that judge and do not teach. */
const heldOutShare = 0.3
const mostToLearn = 200
const mostToJudge = 60
/** Separations nearer than this are alike: the family named first wins. By order, not by the clock: the same seed must choose the same. */
const alike = 0.003

interface Tried {
  family: Detector
  row: ScaleTrial
  bundle: FittedBundle | null
}

/** @throws GOODPARTS_FIT_FAILED when no family can be fitted fast enough, GOODPARTS_FIT_CANCELLED. */
export async function chooseFamily (families: readonly Detector[], options: AutoOptions, images: readonly GoodImage[], context: FitContext): Promise<FamilyChoice> {
  const [only, ...others] = families as [Detector, ...Detector[]]
  const { kept, heldOut, by } = holdOut(images, { share: heldOutShare, atLeast: fewestToCalibrate }, new FitWork(context).random('trial'))
  if (others.length === 0 || kept.length < fewestToLearn || heldOut.length < fewestToCalibrate) {
    const outcome = others.length === 0 ? 'chosen: the only family' : 'chosen: too few pictures to choose by'
    return { family: only.family, options: optionsFor(only, options), trials: [rowOf(only, { outcome, chosen: true })] }
  }
  // Where pictures of a single part stand on both sides, no family is to refuse them for that.
  const marked = (image: GoodImage, calibration: boolean): GoodImage => ({ ...image, calibration, group: by === 'group' ? image.group : null })
  const pictures = [...spread(kept, mostToLearn).map((image) => marked(image, false)), ...spread(heldOut, mostToJudge).map((image) => marked(image, true))]
  const tried: Tried[] = []
  // The checkpoint is of what is learned in the end, and no real defect has a say: a family that may learn from them is tried without.
  const { checkpoint: _checkpoint, defects: _defects, ...trialContext } = context
  for (const family of families) tried.push(await tryFamily(family, options, pictures, trialContext))
  const inTime = tried.filter(({ bundle }) => bundle !== null)
  const lead = Math.max(...inTime.map(({ row }) => row.proxyAuroc ?? 0))
  const winner = inTime.find(({ row }) => (row.proxyAuroc ?? 0) >= lead - alike)
  if (winner?.bundle == null) throw new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected one of ${families.map(({ family }) => family).join(', ')} to be fitted, got ${tried.map(({ row }) => row.outcome).join('; ')}`)
  Object.assign(winner.row, { outcome: 'chosen', chosen: true })
  const { metadata } = winner.bundle
  return { family: winner.family.family, options: atAnySpeed(metadata.options), trials: [...tried.map(({ row }) => row), ...metadata.trials.map((row) => ({ ...row, chosen: false }))] }
}

/** Learns from the pictures that are not for calibration and judges by those that are. */
async function tryFamily (family: Detector, options: AutoOptions, pictures: readonly GoodImage[], context: FitContext): Promise<Tried> {
  const part = `trying ${family.family}`
  const progress: FitContext['progress'] = (report) => { context.progress({ ...report, stage: `${part}: ${report.stage}` }) }
  try {
    const bundle = await family.fit(pictures, optionsFor(family, options), { ...context, progress })
    const work = new FitWork({ ...context, progress })
    const { proxy, imagesPerSecond } = await judgeModel(bundle.bytes, drawnPictures(pictures.filter(({ calibration }) => calibration), work.random('defects')), work.under('drawn defects'))
    const slow = imagesPerSecond < options.targetImagesPerSecond
    const { scale, size } = bundle.metadata.options
    const row = rowOf(family, {
      layers: typeof scale === 'string' ? scale : 'pixels',
      size: typeof size === 'number' ? size : 0,
      proxyAuroc: proxy,
      imagesPerSecond,
      outcome: slow ? slowerThan(options.targetImagesPerSecond) : 'behind'
    })
    return { family, row, bundle: slow ? null : bundle }
  } catch (error) {
    const { code, message } = asGoodpartsError(error, 'GOODPARTS_FIT_FAILED')
    if (code === 'GOODPARTS_FIT_CANCELLED' || code === 'GOODPARTS_IMAGE_DECODE') throw error
    return { family, row: rowOf(family, { outcome: `failed: ${message}` }), bundle: null }
  }
}

function rowOf ({ family }: Detector, change: Partial<ScaleTrial>): ScaleTrial {
  return { layers: '–', size: 0, settings: { family }, proxyAuroc: null, imagesPerSecond: null, outcome: 'behind', chosen: false, ...change }
}

/** What the family knows of what was given; what is left open stays as the family has it, which chooses not everything by itself. */
export function optionsFor ({ defaults }: Detector, { scale, size, targetImagesPerSecond }: AutoOptions): { [option: string]: JsonValue } {
  return Object.fromEntries(Object.entries({ scale, size, targetImagesPerSecond }).filter(([name, value]) => Object.hasOwn(defaults, name) && value !== 'auto'))
}
