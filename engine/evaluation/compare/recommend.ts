/** Which family to take, and why: by drawn defects, never by the test pictures. */
import type { ComparisonReport } from '../../../schemas/comparison.ts'
import type { Compared } from './compare.ts'

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

type Judged = Pick<Compared, 'result' | 'proxy'>

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

/** The family that separates drawn-on from untouched held-out good parts best; of those alike, the fastest. */
export function recommend (compared: readonly Judged[]): Pick<ComparisonReport, 'recommended' | 'reason'> {
  const families = summarise(compared)
  if (families.length === 0) return { recommended: null, reason: 'No detector was fitted.' }
  const lead = Math.max(...families.map(({ proxy }) => proxy))
  const near = families.filter(({ proxy }) => proxy >= lead - alike)
  const chosen = near.reduce((fastest, family) => family.imagesPerSecond > fastest.imagesPerSecond ? family : fastest)
  const others = families.filter((family) => family !== chosen).map(({ detector, proxy }) => `${detector} ${proxy.toFixed(4)}`)
  const rest = others.length === 0 ? '' : `; ${others.join(', ')}`
  const why = near.length === 1
    ? 'separates drawn defects from untouched held-out good parts best'
    : `is the fastest (${chosen.imagesPerSecond.toPrecision(3)} images per second) of those that separate drawn defects from untouched held-out good parts best, within ${alike}`
  return { recommended: chosen.detector, reason: `${chosen.detector} ${why}: ${chosen.proxy.toFixed(4)}${rest}. The defects of the test pictures had no say.` }
}

/** The families with the best mean image AUROC on the test pictures: for comparison, chosen with hindsight. */
export function bestOnTest (compared: readonly Judged[]): FamilySummary | null {
  return summarise(compared).filter(({ imageAuroc }) => imageAuroc !== null).reduce<FamilySummary | null>((best, family) =>
    best === null || (family.imageAuroc ?? 0) > (best.imageAuroc ?? 0) ? family : best, null)
}
