/**
 * Chooses what pictures are changed by in training, from good parts only: which changes vary among good parts anyway (positives), which make
 * something else of them (shifts), and which set of both lets defects drawn on held-out parts separate best. Real defects have no say.
 */
import type { AugmentationChoice } from '../../../schemas/bundle.ts'
import type { FloatImage } from '../../training/augment/float-image.ts'
import { crop } from '../../training/augment/geometry.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { FillName } from '../defect-fills.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { holdOut } from '../hold-out.ts'
import { spread } from '../proxy-choice.ts'
import { checkNuisances, checkShifts } from './checks.ts'
import type { CheckedPicture, NuisanceCheck, ShiftCheck, ShiftName } from './checks.ts'
import { judgeByOperator } from './judge-by-operator.ts'
import { sentencesOf } from './sentences.ts'

export interface AugmentationSet {
  nuisances: readonly NuisanceName[]
  shifts: readonly ShiftName[]
}

export interface AugmentationRequest {
  /** Good parts to learn from; the calibration pictures are not among them. */
  images: readonly GoodImage[]
  /** As the family sees them. */
  load (images: readonly GoodImage[], work: FitWork): Promise<FloatImage[]>
  /** Edge of the crops that it is trained on; `null` = whole pictures. */
  patch: number | null
  /** Those that the family can use. */
  nuisances: readonly NuisanceName[]
  shifts: readonly ShiftName[]
  /** Sets to try, in order of preference where they are alike; those alike are tried once. */
  sets (accepted: AugmentationSet): AugmentationSet[]
  /** Fills of drawn defects that training itself uses. */
  trainedOperators: readonly FillName[]
  /** A model learned from these for a short time; gives the serialised graph. */
  trial (set: AugmentationSet, images: readonly GoodImage[], work: FitWork): Promise<Uint8Array>
}

export interface SelectedAugmentation {
  set: AugmentationSet
  choice: AugmentationChoice
}

/** Bounds of what it takes: pictures that are checked, learned from and judged by, and crops of each. */
const mostChecked = 48
const mostToLearn = 60
const mostToJudge = 20
const cropsOfEach = 3
const heldOutShare = 0.3
const leastHeldOut = 4
/** Separations nearer than this are alike. */
const alike = 0.01
/** Steps of the short trainings, at most. */
export const trialSteps = 150

export async function selectAugmentation (request: AugmentationRequest, work: FitWork): Promise<SelectedAugmentation> {
  const begun = performance.now()
  const { images, patch } = request
  const checking = work.under('augmentation')
  const pictures = await checkedPictures(request, checking)
  const nuisances = await checkNuisances(request.nuisances, pictures, checking)
  const shifts = request.shifts.length === 0 ? [] : await checkShifts(request.shifts, patch === null ? pictures : cropsOf(pictures, patch, checking), checking)
  const sets = different(request.sets({ nuisances: acceptedOf(nuisances), shifts: acceptedOf(shifts) }))
  const judged = await judge(sets, images, request, work)
  const lead = Math.max(...judged.map(({ proxy }) => proxy))
  const chosen = judged.findIndex(({ proxy }) => proxy >= lead - alike)
  const choice: Omit<AugmentationChoice, 'sentences' | 'seconds'> = {
    nuisances,
    shifts,
    sets: judged.map(({ set, proxy, byOperator }, index) => ({ nuisances: [...set.nuisances], shifts: [...set.shifts], proxyAuroc: proxy, byOperator, chosen: index === chosen })),
    trainedOperators: [...request.trainedOperators]
  }
  return { set: sets[chosen] as AugmentationSet, choice: { ...choice, sentences: sentencesOf(choice), seconds: (performance.now() - begun) / 1000 } }
}

interface JudgedSet { set: AugmentationSet, proxy: number, byOperator: { [operator: string]: number } }

async function judge (sets: readonly AugmentationSet[], images: readonly GoodImage[], request: AugmentationRequest, work: FitWork): Promise<JudgedSet[]> {
  const { kept, heldOut } = holdOut(images, { share: heldOutShare, atLeast: leastHeldOut }, work.random('trial'))
  const judged: JudgedSet[] = []
  for (const [index, set] of sets.entries()) {
    const part = work.under(`augmentation set ${index + 1} of ${sets.length}`)
    const model = await request.trial(set, spread(kept, mostToLearn), part)
    judged.push({ set, ...await judgeByOperator(model, spread(heldOut, mostToJudge), request.trainedOperators, part) })
  }
  return judged
}

async function checkedPictures (request: AugmentationRequest, work: FitWork): Promise<CheckedPicture[]> {
  const some = spread(request.images, mostChecked)
  const { heldOut } = holdOut(some, { share: 0.5, atLeast: 1 }, work.random('trial'))
  const other = new Set(heldOut)
  return (await request.load(some, work)).map((image, index) => ({ image, fold: other.has(some[index] as GoodImage) ? 1 : 0 }))
}

function cropsOf (pictures: readonly CheckedPicture[], patch: number, work: FitWork): CheckedPicture[] {
  const random = work.random('rows')
  return pictures.flatMap(({ image, fold }) => Array.from({ length: cropsOfEach }, () => {
    const place = (edge: number): number => Math.floor(random() * (edge - patch + 1))
    return { image: crop(image, { x: place(image.width), y: place(image.height), width: patch, height: patch }), fold }
  }))
}

function acceptedOf<Name> (checks: ReadonlyArray<(NuisanceCheck | ShiftCheck) & { name: Name }>): Name[] {
  return checks.filter(({ accepted }) => accepted).map(({ name }) => name)
}

function different (sets: readonly AugmentationSet[]): AugmentationSet[] {
  return [...new Map(sets.map((set) => [JSON.stringify([set.nuisances, set.shifts]), set])).values()]
}
