/**
 * Watches a line for drift, apart from defects: scores that no longer look like those of the good parts it was calibrated on, parts that no longer
 * look like those before, and pictures that no longer look as the camera took them. Says which, and by all of them together what to do.
 */
import type { DriftAdvice, DriftSignal, LineDrift } from '../../../schemas/learning.ts'
import { seededRandom } from '../../random.ts'
import { ControlChart, type ChartOptions } from './control-chart.ts'
import type { WindowResult } from './embedding-drift.ts'
import type { MeasuredPicture, Profiles } from './image-statistics.ts'
import { ScoreMartingale } from './score-martingale.ts'

export interface DriftAlarm extends LineDrift {
  /** That alarms now; `signals` has those that stood before it too. */
  signal: DriftSignal
  /** For a person. */
  text: string
}

export interface WatchedScores {
  calibrationScores: readonly number[]
  /** Of products that have limits of their own, by the product's name: a run of one of them alone does not look like all of them together. */
  productScores?: Readonly<Record<string, readonly number[]>>
}

export interface DriftOptions extends WatchedScores {
  /** Probability that scores ever alarm while nothing changes. */
  falseAlarmRate: number
  seed: number
  chart?: Partial<ChartOptions>
}

type Charted = Exclude<DriftSignal, 'scores' | 'embedding' | 'shift'>

const charted: readonly Charted[] = ['brightness', 'contrast', 'focus', 'colour']
/** Below these deviations nobody would see a difference. */
const smallest: Record<Charted | 'shift', number> = { brightness: 0.5, contrast: 0.5, focus: 0.005, colour: 0.5, shift: 0.25 }

export class DriftMonitor {
  readonly #options: DriftOptions
  #scores: WatchedScores
  #martingales: ScoreMartingales
  #charts: Map<Charted | 'shift', ControlChart>
  #reference: Profiles | null = null
  readonly #told = new Set<DriftSignal>()

  constructor (options: DriftOptions) {
    this.#options = options
    this.#scores = options
    this.#martingales = newMartingales(options)
    this.#charts = this.#newCharts()
  }

  /** Something has alarmed and nobody has reset it: nothing that is seen now may be learned without a person. */
  get inDrift (): boolean {
    return this.#told.size > 0
  }

  /** What stands, `null` without any. */
  get state (): LineDrift | null {
    return this.inDrift ? { signals: [...this.#told], advice: adviceFor(this.#told) } : null
  }

  /** A part that was inspected, and its product where it is known. @returns what alarms for the first time. */
  observeScore (score: number, product: string | null = null): DriftAlarm[] {
    const martingale = this.#martingales.products.get(product ?? '') ?? this.#martingales.others
    martingale.observe(score)
    if (!martingale.alarming || this.#told.has('scores')) return []
    return [this.#alarm('scores')]
  }

  /** A window of parts was compared with those before (`EmbeddingDrift`). @returns what alarms for the first time. */
  observeWindow ({ alarming }: WindowResult): DriftAlarm[] {
    return !alarming || this.#told.has('embedding') ? [] : [this.#alarm('embedding')]
  }

  /** What the next picture is to be measured against; `null` before the first. */
  get reference (): Profiles | null {
    return this.#reference
  }

  /** A picture, as measured against `reference`; a few a second are enough. @returns what alarms for the first time. */
  observePicture (measured: MeasuredPicture): DriftAlarm[] {
    this.#reference ??= measured.profiles
    for (const name of charted) this.#chart(name).observe(measured[name])
    if (Number.isFinite(measured.shift)) this.#chart('shift').observe(measured.shift)
    return [...this.#charts].flatMap(([signal, chart]) => {
      if (!chart.alarming || this.#told.has(signal)) return []
      return [this.#alarm(signal, pictureText(signal, chart))]
    })
  }

  /** After the cause was removed, or a new bundle came: begins anew with these scores. */
  reset (scores: WatchedScores = this.#scores): void {
    this.#scores = scores
    this.#martingales = newMartingales({ ...this.#options, ...scores, productScores: scores.productScores ?? {} })
    this.#charts = this.#newCharts()
    this.#reference = null
    this.#told.clear()
  }

  #alarm (signal: DriftSignal, text?: string): DriftAlarm {
    this.#told.add(signal)
    const signals = [...this.#told]
    const advice = adviceFor(this.#told)
    return { signal, signals, advice, text: text ?? adviceTexts[advice] }
  }

  #newCharts (): Map<Charted | 'shift', ControlChart> {
    return new Map(([...charted, 'shift'] as const).map((name) => [name, new ControlChart({ ...this.#options.chart, smallestDeviation: smallest[name] })]))
  }

  #chart (name: Charted | 'shift'): ControlChart {
    return this.#charts.get(name) as ControlChart
  }
}

interface ScoreMartingales {
  products: ReadonlyMap<string, ScoreMartingale>
  /** Of parts of all other products, or of none that is known. */
  others: ScoreMartingale
}

/** They share the rate: that any of them ever alarms while nothing changes is as improbable as of one. */
function newMartingales ({ calibrationScores, productScores = {}, falseAlarmRate, seed }: DriftOptions): ScoreMartingales {
  const own = Object.entries(productScores)
  const random = seededRandom(seed)
  const watching = (scores: readonly number[]): ScoreMartingale => new ScoreMartingale(scores, falseAlarmRate / (own.length + 1), random)
  return { others: watching(calibrationScores), products: new Map(own.map(([product, scores]) => [product, watching(scores)])) }
}

/** The picture comes first: what changes it changes embeddings and scores too. */
function adviceFor (signals: ReadonlySet<DriftSignal>): DriftAdvice {
  if ([...signals].some((signal) => signal !== 'scores' && signal !== 'embedding')) return 'check-camera'
  if (!signals.has('embedding')) return 'label-lot'
  return signals.has('scores') ? 'update-or-fit' : 'update'
}

const adviceTexts: Record<DriftAdvice, string> = {
  'check-camera': 'Parts or their scores are no longer as they were, and the picture itself has changed: see to the camera and the light first; where the new light is to stay, label a lot and adapt',
  'label-lot': 'Scores no longer look like those of the good parts that set the limits, and nothing else has changed so far: label a lot; if its parts are good, calibrate anew',
  update: 'Parts look different from those before, the picture itself and the scores have not changed so far: another material, or a product that is judged as before. Label a lot, then update',
  'update-or-fit': 'Parts look different from those before and score differently, the picture itself has not changed: see whether the bundle is that of this product; if it is, label a lot, then update; where the update is refused, fit anew'
}

const wording: Record<Charted | 'shift', { name: string, see: string }> = {
  brightness: { name: 'Brightness', see: 'the light and the exposure' },
  contrast: { name: 'Contrast', see: 'the light, and dirt on the lens' },
  focus: { name: 'Sharpness', see: 'the focus, and what shakes the camera' },
  colour: { name: 'Colour (red less blue)', see: 'the light and the white balance' },
  shift: { name: 'Position', see: 'how camera and part are held' }
}

function pictureText (signal: Charted | 'shift', chart: ControlChart): string {
  const { name, see } = wording[signal]
  const digits = signal === 'focus' ? 3 : 1
  const unit = signal === 'shift' ? ' pixels from the first picture' : ''
  return `${name} is ${chart.average.toFixed(digits)}${unit}, usually ${chart.usual?.mean.toFixed(digits) ?? 'unknown'}: see to ${see}`
}
