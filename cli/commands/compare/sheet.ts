/** What a comparison has found so far, as table, JSON and page. */
import type { ComparisonReport } from '../../../schemas/comparison.ts'
import type { LearningCurvePoint } from '../../../schemas/evaluation.ts'
import type { Compared, FailedFit } from '../../../engine/evaluation/compare/compare.ts'
import { bestOnTest, recommend, summarise } from '../../../engine/evaluation/compare/recommend.ts'
import type { FamilySummary } from '../../../engine/evaluation/compare/recommend.ts'
import { goodImages, testEntries, type Dataset } from '../../../engine/evaluation/dataset.ts'
import { missingShares } from '../../../engine/evaluation/learned-from.ts'
import type { PictureScorer } from '../../../engine/evaluation/picture-scorer.ts'
import { rocCurve } from '../../../engine/evaluation/ranking.ts'
import { renderComparison, type ComparisonPage } from '../../../engine/evaluation/report/compare-report.ts'
import { makeGallery } from '../../../engine/evaluation/report/gallery.ts'
import { curveTable } from '../../learning-curve-table.ts'
import { nameIn } from '../../dataset-names.ts'
import { textTable } from '../../text-table.ts'

/** Of each family, of misses and of false rejects. */
const picturesOfEachKind = 3

export class ComparisonSheet {
  /** Whether everything asked for was tried. */
  complete = false
  readonly #dataset: Dataset
  readonly #compared: Array<Pick<Compared, 'result' | 'proxy' | 'judgingOperators' | 'trainedOperators'>> = []
  readonly #curves: Array<ComparisonPage['curves'][number]> = []
  readonly #failures: FailedFit[] = []
  readonly #learning: Array<{ detector: string, curve: readonly LearningCurvePoint[] }> = []
  readonly #curveFailures: FailedFit[] = []
  #baseline: number | null = null
  /** The same of every fit. */
  #training: ComparisonPage['dataset']['training'] = null

  constructor (dataset: Dataset) {
    this.#dataset = dataset
  }

  /** @param scorer Where a page is wanted: scores the pictures that it shows. */
  async add ({ result, proxy, judgingOperators, trainedOperators, bundleName, evaluation }: Compared, scorer: PictureScorer | null): Promise<void> {
    this.#compared.push({ result, proxy, judgingOperators, trainedOperators })
    this.#baseline = evaluation.findings.baselineAuroc
    this.#training = evaluation.findings.training ?? null
    if (scorer === null || this.#curves.some(({ detector }) => detector === result.detector)) return
    const scoresOf = (good: boolean): number[] => evaluation.pictures.filter(({ entry }) => entry.isGood === good).map(({ score }) => score)
    const { misses, falseRejects } = await makeGallery(evaluation, scorer, nameIn(this.#dataset))
    this.#curves.push({
      detector: result.detector,
      bundleName,
      augmentation: evaluation.findings.augmentation,
      lossCurve: evaluation.findings.lossCurve,
      roc: rocCurve(scoresOf(true), scoresOf(false)),
      misses: misses.slice(0, picturesOfEachKind),
      falseRejects: falseRejects.slice(0, picturesOfEachKind)
    })
  }

  fail (failure: FailedFit): void {
    this.#failures.push(failure)
  }

  addCurve (detector: string, curve: readonly LearningCurvePoint[]): void {
    this.#learning.push({ detector, curve })
  }

  /** The result that it was to grow to stays. */
  failCurve (failure: FailedFit): void {
    this.#curveFailures.push(failure)
  }

  report (): ComparisonReport {
    return { results: this.#compared.map(({ result }) => result), baselineAuroc: this.#baseline, ...recommend(this.#compared, this.#failures) }
  }

  /** The last result in a line. */
  lastLine (): string {
    const last = this.#compared.at(-1)
    if (last === undefined) return ''
    const { detector, seed, imageAuroc } = last.result
    return `${detector}, seed ${seed}: image AUROC ${shown(imageAuroc)}, drawn defects separate by ${shown(last.proxy)}`
  }

  text (): string {
    const families = summarise(this.#compared)
    const best = bestOnTest(this.#compared)
    const { recommended, reason } = this.report()
    const parts = [
      `${this.#dataset.name}${this.complete ? '' : ' (interrupted)'}`,
      this.#compared.length === 0 ? '' : textTable(['detector', 'seed', ...columns], this.#compared.map(({ result, proxy }) => [result.detector, String(result.seed), ...cells({ ...result, proxy })])),
      families.some(({ seeds }) => seeds > 1) ? textTable(['mean of', 'seeds', ...columns], families.map((family) => [family.detector, String(family.seeds), ...cells(family)])) : '',
      this.#learning.length === 0 ? '' : `Learning curves, image AUROC\n${curveTable(this.#learning)}`,
      this.#curveFailures.map(curveFailureLine).join('\n'),
      this.#failures.map(failureLine).join('\n'),
      `Trivial baseline AUROC ${shown(this.#baseline)}.`,
      best === null ? '' : `Best on the test pictures, known with hindsight only: ${best.detector}, ${shown(best.imageAuroc)}.`,
      recommended === null ? reason : `Recommended: ${recommended}. ${reason}`
    ]
    return parts.filter((part) => part !== '').join('\n\n')
  }

  page (command: string, measuredOn: Pick<ComparisonPage, 'versions' | 'machine'>): string {
    const test = testEntries(this.#dataset)
    const testGood = test.filter(({ isGood }) => isGood).length
    return renderComparison({
      dataset: { name: this.#dataset.name, good: goodImages(this.#dataset).length, training: this.#training, testGood, testDefective: test.length - testGood },
      report: this.report(),
      families: summarise(this.#compared),
      bestOnTest: bestOnTest(this.#compared),
      curves: this.#curves,
      learningCurves: this.#learning.map(({ detector, curve }) => ({ name: detector, points: curve.flatMap(({ images, imageAuroc }) => imageAuroc === null ? [] : [[images, imageAuroc] as const]) })),
      learningNote: this.#learning.length === 0 ? '' : missingShares(Math.min(...this.#learning.map(({ curve }) => curve.length))),
      curveFailures: this.#curveFailures.map(curveFailureLine),
      failures: this.#failures.map(({ detector, seed, error }) => ({ detector, seed, message: error.message })),
      complete: this.complete,
      createdAt: new Date().toISOString(),
      command,
      ...measuredOn
    })
  }
}

export function failureLine ({ detector, seed, error }: FailedFit): string {
  return `${detector}, seed ${seed} failed: ${error.message} (${error.code})`
}

export function curveFailureLine ({ detector, error }: FailedFit): string {
  return `No learning curve of ${detector}: ${error.message} (${error.code})`
}

const columns = ['image AUROC', 'pixel AUROC', 'AUPRO', 'separation', 'fit s', 'images/s', 'MiB']

function cells ({ imageAuroc, pixelAuroc, aupro30, proxy, fitSeconds, imagesPerSecond, bundleBytes }: Omit<FamilySummary, 'detector' | 'seeds'>): string[] {
  return [shown(imageAuroc), shown(pixelAuroc), shown(aupro30), shown(proxy), fitSeconds.toFixed(1), imagesPerSecond.toPrecision(3), (bundleBytes / 2 ** 20).toFixed(1)]
}

function shown (value: number | null): string {
  return value === null ? '–' : value.toFixed(4)
}
