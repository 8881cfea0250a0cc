/** Which family to take, and why: by drawn defects, never by the test pictures. */
import type { ComparisonReport } from '../../../schemas/comparison.ts'
import { fillNames } from '../../detectors/defect-fills.ts'
import type { Compared, FailedFit } from './compare.ts'

/** One family over its seeds. */
export interface FamilySummary {
  detector: string
  seeds: number
  proxy: number
  imageAuroc: number | null
  pixelAuroc: number | null
  aupro30: number | null
  fitSeconds: number
  imagesPerSecond: number
  bundleBytes: number
}

/** Means over seeds nearer than this are alike: the faster family wins. */
const alike = 0.003

type Judged = Pick<Compared, 'result' | 'proxy' | 'judgingOperators' | 'trainedOperators'>

/** Means over the seeds, families in the order in which they first came. */
export function summarise (compared: readonly Judged[]): FamilySummary[] {
  return [...new Set(compared.map(({ result }) => result.detector))].map((detector) => {
    const fits = compared.filter(({ result }) => result.detector === detector)
    const meanOf = (value: (fit: Judged) => number): number => fits.reduce((sum, fit) => sum + value(fit), 0) / fits.length
    const meanOrNull = (value: (fit: Judged) => number | null): number | null => fits.some((fit) => value(fit) === null) ? null : meanOf((fit) => value(fit) ?? 0)
    return {
      detector,
      seeds: fits.length,
      proxy: meanOf(({ proxy }) => proxy),
      imageAuroc: meanOrNull(({ result }) => result.imageAuroc),
      pixelAuroc: meanOrNull(({ result }) => result.pixelAuroc),
      aupro30: meanOrNull(({ result }) => result.aupro30),
      fitSeconds: meanOf(({ result }) => result.fitSeconds),
      imagesPerSecond: meanOf(({ result }) => result.imagesPerSecond),
      bundleBytes: meanOf(({ result }) => result.bundleBytes)
    }
  })
}

/**
 * The family that separates drawn-on from untouched held-out good parts best; of those alike, the fastest. Not one that was trained on such drawings,
 * nor one that failed with some seed: the mean of the others says too much good of it.
 */
export function recommend (compared: readonly Judged[], failures: ReadonlyArray<Pick<FailedFit, 'detector' | 'seed'>> = []): Pick<ComparisonReport, 'recommended' | 'reason'> {
  const families = summarise(compared)
  if (families.length === 0) return { recommended: null, reason: 'No detector was fitted.' }
  const judged = families.map((family) => ({ family, objections: objectionsTo(family, compared, failures) }))
  const candidates = judged.filter(({ objections }) => objections.length === 0).map(({ family }) => family)
  const sentences = [
    ...judged.filter(({ objections }) => objections.length > 0).map(({ family: { detector, proxy }, objections }) => `${detector} ${proxy.toFixed(4)} is not in the running: ${objections.join('; ')}.`),
    ...leftOut(compared),
    'The defects of the test pictures had no say.'
  ]
  const lead = Math.max(...candidates.map(({ proxy }) => proxy))
  const near = candidates.filter(({ proxy }) => proxy >= lead - alike)
  const [first, ...rest] = near
  if (first === undefined) return { recommended: null, reason: ['No family can be recommended.', ...sentences].join(' ') }
  const chosen = rest.reduce((fastest, family) => family.imagesPerSecond > fastest.imagesPerSecond ? family : fastest, first)
  const others = candidates.filter((family) => family !== chosen).map(({ detector, proxy }) => `; ${detector} ${proxy.toFixed(4)}`)
  const why = rest.length === 0
    ? 'separates drawn defects from untouched held-out good parts best'
    : `is the fastest (${chosen.imagesPerSecond.toPrecision(3)} images per second) of those that separate drawn defects from untouched held-out good parts best, within ${alike}`
  return { recommended: chosen.detector, reason: [`${chosen.detector} ${why}: ${chosen.proxy.toFixed(4)}${others.join('')}.`, ...sentences].join(' ') }
}

function objectionsTo ({ detector }: FamilySummary, compared: readonly Judged[], failures: ReadonlyArray<Pick<FailedFit, 'detector' | 'seed'>>): string[] {
  const fit = compared.find(({ result }) => result.detector === detector)
  const known = fit?.trainedOperators.filter((name) => fit.judgingOperators.includes(name)) ?? []
  const seeds = failures.filter((failure) => failure.detector === detector).map(({ seed }) => seed)
  return [
    ...(known.length === 0 ? [] : [`its training draws such defects too (${known.join(', ')}), which judge it too kindly`]),
    ...(seeds.length === 0 ? [] : [`it failed with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`])
  ]
}

/** Which drawn defects did not judge, and why. */
function leftOut (compared: readonly Judged[]): string[] {
  const names = fillNames.filter((name) => compared.some(({ judgingOperators }) => !judgingOperators.includes(name)))
  return names.length === 0 ? [] : [`Drawn without ${names.join(', ')}, which the training of a compared family draws.`]
}

/** The families with the best mean image AUROC on the test pictures: for comparison, chosen with hindsight. */
export function bestOnTest (compared: readonly Judged[]): FamilySummary | null {
  return summarise(compared).filter(({ imageAuroc }) => imageAuroc !== null).reduce<FamilySummary | null>((best, family) =>
    best === null || (family.imageAuroc ?? 0) > (best.imageAuroc ?? 0) ? family : best, null)
}
