/** Scores of the last parts with the two limits. */
import './sound-language.ts'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ScorePoint } from '../schemas/live.ts'
import type { Verdict } from '../schemas/inspection.ts'
import { element } from './element.ts'
import { formatScore, formatTick } from './format.ts'
import { translate } from './texts.ts'

const POINTS = 300
/** Seconds that the chart spans at least. */
const SHORTEST_S = 10
const REDRAW_MS = 200
/** Pixels at the right for the names of the limits, where no score lies under them. */
const GUTTER_PX = 84
const judged: ReadonlyArray<Exclude<Verdict, 'not-inspected'>> = ['good', 'review', 'reject']

export class ScoreChart {
  readonly host: HTMLElement
  #plot: UPlot | undefined
  #points: ScorePoint[] = []
  #limits: { review: number, reject: number } | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor () {
    this.host = element('div', { class: 'chart', role: 'img', label: 'scoreChart' })
    new ResizeObserver(() => { this.#fit() }).observe(this.host)
  }

  reset (points: ScorePoint[], limits: { review: number, reject: number } | null): void {
    this.#points = points.slice(-POINTS)
    this.#limits = limits
    this.#redrawSoon()
  }

  add (point: ScorePoint, limits: { review: number, reject: number } | null): void {
    this.#points.push(point)
    if (this.#points.length > POINTS) this.#points.shift()
    this.#limits = limits ?? this.#limits
    this.#redrawSoon()
  }

  /** After the theme or the language changed. */
  rebuild (): void {
    this.#plot?.destroy()
    this.#plot = undefined
    this.#redrawSoon()
  }

  #redrawSoon (): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#redraw()
    }, REDRAW_MS)
  }

  #redraw (): void {
    if (this.host.clientWidth === 0) return
    this.#plot ??= this.#build()
    this.#plot.setData(this.#data())
  }

  /** x = seconds; one row of scores per verdict, so that each has its colour and mark. */
  #data (): UPlot.AlignedData {
    const known = this.#points.filter((point) => point.score !== null)
    let last = 0
    const x = known.map((point) => { last = Math.max(last + 0.001, Date.parse(point.at) / 1000); return last })
    return [x, ...judged.map((verdict) => known.map((point) => point.verdict === verdict ? point.score : null))]
  }

  #fit (): void {
    if (this.#plot === undefined) this.#redrawSoon()
    else this.#plot.setSize({ width: this.host.clientWidth, height: this.host.clientHeight })
  }

  #build (): UPlot {
    const style = getComputedStyle(this.host)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const axis: UPlot.Axis = { stroke: colour('--ink-soft'), font: '11px system-ui, sans-serif', grid: { stroke: colour('--rule'), width: 1 }, ticks: { show: false } }
    const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
    return new UPlot({
      width: this.host.clientWidth,
      height: this.host.clientHeight,
      padding: [10, GUTTER_PX, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { range: (_plot, first: number | null, last: number | null) => timeRange(first, last) }, y: { range: (_plot, _low, high) => this.#range(high) } },
      axes: [
        { ...axis, size: 24, space: 90, values: (_plot, splits) => splits.map((seconds) => time.format(seconds * 1000)) },
        { ...axis, size: 44, space: 34, values: (_plot, splits) => splits.map((score) => formatTick(score, splits)) }
      ],
      series: [{}, ...judged.map((verdict): UPlot.Series => ({
        paths: () => null,
        points: { show: verdict === 'good', size: 4, fill: colour('--good'), stroke: colour('--good'), width: 1 }
      }))],
      hooks: {
        draw: [(plot) => {
          this.#drawLimits(plot, colour)
          drawMarks(plot, 2, colour('--review'))
          drawMarks(plot, 3, colour('--reject'))
        }]
      }
    }, this.#data(), this.host)
  }

  #range (high: number | null): [number, number] {
    const scores = this.#points.flatMap(({ score }) => score ?? [])
    const low = Math.min(...scores, this.#limits?.review ?? Infinity)
    const top = Math.max(high ?? 1, (this.#limits?.reject ?? 0) * 1.15)
    const bottom = Number.isFinite(low) ? Math.max(0, low - (top - low) * 0.15) : 0
    return [low < 0 ? low : bottom, top + (top - bottom) * 0.05]
  }

  #drawLimits (plot: UPlot, colour: (name: string) => string): void {
    if (this.#limits === null) return
    const { ctx: context, bbox } = plot
    const ratio = UPlot.pxRatio
    context.save()
    context.font = `600 ${10.5 * ratio}px system-ui, sans-serif`
    const at = { review: Math.round(plot.valToPos(this.#limits.review, 'y', true)), reject: Math.round(plot.valToPos(this.#limits.reject, 'y', true)) }
    // Names of limits that lie close keep apart.
    const push = Math.max(0, 13 * ratio - (at.review - at.reject)) / 2
    const places = { review: at.review + push, reject: at.reject - push }
    for (const name of ['review', 'reject'] as const) {
      const y = at[name]
      context.strokeStyle = context.fillStyle = colour(`--${name}-ink`)
      context.lineWidth = 1.5 * ratio
      context.setLineDash(name === 'review' ? [4 * ratio, 4 * ratio] : [])
      context.beginPath()
      context.moveTo(bbox.left, y)
      context.lineTo(bbox.left + bbox.width, y)
      context.stroke()
      context.textAlign = 'left'
      context.textBaseline = 'middle'
      context.fillText(`${translate(name)} ${formatScore(this.#limits[name])}`, bbox.left + bbox.width + 6 * ratio, places[name])
    }
    context.restore()
  }
}

/** Review = diamond, reject = cross: readable without their colours. */
function drawMarks (plot: UPlot, series: 2 | 3, colour: string): void {
  const { ctx: context } = plot
  const [xs, ...rows] = plot.data
  const size = 4 * UPlot.pxRatio
  context.save()
  context.fillStyle = context.strokeStyle = colour
  context.lineWidth = 2 * UPlot.pxRatio
  context.beginPath()
  rows[series - 1]?.forEach((score, i) => {
    if (score == null) return
    const x = plot.valToPos(xs[i] ?? 0, 'x', true)
    const y = plot.valToPos(score, 'y', true)
    const corners = series === 3 ? [[-1, -1], [1, 1], [1, -1], [-1, 1]] : [[0, -1], [1, 0], [0, 1], [-1, 0], [0, -1]]
    corners.forEach(([dx = 0, dy = 0], corner) => {
      const starts = series === 3 ? corner % 2 === 0 : corner === 0
      context[starts ? 'moveTo' : 'lineTo'](x + dx * size, y + dy * size)
    })
  })
  if (series === 3) context.stroke()
  else context.fill()
  context.restore()
}

/** Seconds. Before the first part the axis ends now. */
function timeRange (first: number | null, last: number | null): [number, number] {
  const end = last ?? Date.now() / 1000
  return [Math.min(first ?? end, end - SHORTEST_S), end]
}
