/** Charts as inline SVG; their colours are the page's custom properties, so they follow light and dark. */
import { html, type Html } from './html-text.ts'

const frame = { width: 460, height: 300, left: 46, right: 20, top: 16, bottom: 42 }
const plot = { width: frame.width - frame.left - frame.right, height: frame.height - frame.top - frame.bottom }

type Scale = (value: number) => number

const horizontal = (from: number, to: number): Scale => (value) => frame.left + plot.width * (value - from) / (to - from)
const vertical = (from: number, to: number): Scale => (value) => frame.top + plot.height * (1 - (value - from) / (to - from))

export interface RocMark {
  name: string
  falsePositiveRate: number
  truePositiveRate: number
}

/** `curve` from (0, 0) to (1, 1); marks are the shipped limits. */
export function rocChart (curve: ReadonlyArray<readonly [number, number]>, marks: readonly RocMark[]): Html {
  const [x, y] = [horizontal(0, 1), vertical(0, 1)]
  const line = curve.map(([falsePositive, truePositive], i) => `${i === 0 ? 'M' : 'L'}${round(x(falsePositive))} ${round(y(truePositive))}`).join('')
  return chart('ROC curve: share of defective images found over share of good images called defective', [
    grid([0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1], x, y, (value) => `${100 * value} %`),
    axisNames('good images called defective', 'defective images found'),
    html`<path class="chance" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`,
    html`<path class="roc-area" d="${line}L${x(1)} ${y(0)}L${x(0)} ${y(0)}Z"/><path class="roc" d="${line}"/>`,
    ...marks.map(({ name, falsePositiveRate, truePositiveRate }, i) => {
      const [px, py] = [x(falsePositiveRate), y(truePositiveRate)]
      const labelY = Math.min(frame.top + plot.height - 34, py + 26) + 18 * i
      return html`<g class="limit-${name}"><title>${name} limit: ${(100 * falsePositiveRate).toFixed(1)} % of good images, ${(100 * truePositiveRate).toFixed(1)} % of defective ones</title><circle cx="${round(px)}" cy="${round(py)}" r="4.5"/><text x="${round(px + 12)}" y="${round(labelY)}">${name} limit</text></g>`
    })
  ])
}

export interface Series {
  name: string
  points: ReadonlyArray<readonly [number, number]>
}

/** Names of series with their colours. */
export function seriesKey (series: ReadonlyArray<Pick<Series, 'name'>>): Html[] {
  return series.map(({ name }, i) => html`<span class="key"><i class="series-${i % seriesColours}"></i>${name}</span>`)
}

/** Several ROC curves from (0, 0) to (1, 1). */
export function rocCurvesChart (series: readonly Series[]): Html {
  const [x, y] = [horizontal(0, 1), vertical(0, 1)]
  return chart('ROC curves: share of defective images found over share of good images called defective', [
    grid([0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1], x, y, (value) => `${100 * value} %`),
    axisNames('good images called defective', 'defective images found'),
    html`<path class="chance" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`,
    ...series.map((one, i) => seriesLine(one, i, x, y))
  ])
}

/** Values over counts, both axes from what there is. */
export function countChart (title: string, below: string, above: string, series: readonly Series[]): Html {
  const points = series.flatMap((one) => one.points)
  const [most, values] = [Math.max(...points.map(([count]) => count)), points.map(([, value]) => value)]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const room = 0.08 * (high - low) || 0.01
  const [x, y] = [horizontal(0, 1.04 * most), vertical(low - room, high + room)]
  return chart(title, [
    grid(ticks(0, most, 5), ticks(low - room, high + room, 5), x, y, (value) => String(Number(value.toPrecision(5))), String),
    axisNames(below, above),
    ...series.map((one, i) => html`${seriesLine(one, i, x, y)}${one.points.length > mostDots ? null : one.points.map(([count, value]) => html`<circle class="series-${i % seriesColours}" cx="${round(x(count))}" cy="${round(y(value))}" r="3.5"><title>${one.name}: ${value.toFixed(4)} with ${count}</title></circle>`)}`)
  ])
}

const seriesColours = 8
/** More would hide the line. */
const mostDots = 40

function seriesLine ({ name, points }: Series, index: number, x: Scale, y: Scale): Html {
  return html`<path class="series series-${index % seriesColours}" d="${points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${round(x(px))} ${round(y(py))}`).join('')}"><title>${name}</title></path>`
}

export interface ScoreHistogram {
  good: readonly number[]
  defect: readonly number[]
  limits: { review: number, reject: number }
}

const binCount = 44
/** Of `reject` beside its line. */
const limitNameWidth = 40

/** Shares of the good and of the defective images, each of their own number, over the score. */
export function scoreHistogram ({ good, defect, limits }: ScoreHistogram): Html {
  const values = [...good, ...defect, limits.review, limits.reject].filter(Number.isFinite)
  const low = Math.min(...values)
  const span = (Math.max(...values) - low) || 1
  const [from, to] = [low - 0.02 * span, low + 1.02 * span]
  const shares = [good, defect].map((scores) => binShares(scores, from, to))
  const top = Math.max(...shares.flat(), 0.01) * 1.12
  const [x, y] = [horizontal(from, to), vertical(0, top)]
  const steps = (bins: readonly number[]): string => bins.map((share, i) =>
    `L${round(x(from + (to - from) * i / binCount))} ${round(y(share))}L${round(x(from + (to - from) * (i + 1) / binCount))} ${round(y(share))}`).join('')
  const outline = (bins: readonly number[]): string => `M${round(x(from))} ${round(y(0))}${steps(bins)}L${round(x(to))} ${round(y(0))}Z`
  const close = Math.abs(x(limits.reject) - x(limits.review)) < 84
  const cut = x(limits.reject) + limitNameWidth > frame.width
  return chart('Histogram of the scores of good and of defective images with the two limits', [
    grid(ticks(from, to, 6), ticks(0, top, 4), x, y, (value) => `${Number((100 * value).toFixed(1))} %`, (value) => String(Number(value.toPrecision(4)))),
    axisNames('score', 'share of the images of each kind'),
    html`<path class="bars-good" d="${outline(shares[0] ?? [])}"/><path class="bars-defect" d="${outline(shares[1] ?? [])}"/>`,
    limitLine('review', x(limits.review), close ? 'end' : 'start', frame.top + 10),
    // Left of its line where there is no room at the right, and then below the other's.
    cut ? limitLine('reject', x(limits.reject), 'end', frame.top + 24) : limitLine('reject', x(limits.reject), 'start', frame.top + 10)
  ])
}

function limitLine (name: 'review' | 'reject', x: number, anchor: 'start' | 'end', y: number): Html {
  return html`<g class="limit-${name}"><path d="M${round(x)} ${frame.top}V${frame.top + plot.height}"/><text x="${round(x + (anchor === 'start' ? 5 : -5))}" y="${y}" text-anchor="${anchor}">${name}</text></g>`
}

function binShares (scores: readonly number[], from: number, to: number): number[] {
  const bins = Array.from({ length: binCount }, () => 0)
  for (const score of scores) {
    const bin = Math.min(binCount - 1, Math.max(0, Math.floor((score - from) / (to - from) * binCount)))
    bins[bin] = (bins[bin] ?? 0) + 1 / scores.length
  }
  return bins
}

/** Round numbers inside `[from, to]`, about `count` of them. */
function ticks (from: number, to: number, count: number): number[] {
  const rough = (to - from) / count
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough) ?? rough
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step)
}

function grid (xs: readonly number[], ys: readonly number[], x: Scale, y: Scale, nameY: (value: number) => string, nameX = nameY): Html {
  return html`<g class="grid">${ys.map((value) => html`<path d="M${frame.left} ${round(y(value))}H${frame.left + plot.width}"/><text x="${frame.left - 6}" y="${round(y(value) + 4)}" text-anchor="end">${nameY(value)}</text>`)}${
    xs.map((value) => html`<path d="M${round(x(value))} ${frame.top + plot.height}v4"/><text x="${round(x(value))}" y="${frame.top + plot.height + 17}" text-anchor="middle">${nameX(value)}</text>`)}</g>`
}

function axisNames (below: string, above: string): Html {
  return html`<text class="axis" x="${frame.left + plot.width}" y="${frame.height - 6}" text-anchor="end">${below}</text><text class="axis" x="${frame.left}" y="${frame.top - 5}">${above}</text>`
}

function chart (title: string, parts: readonly Html[]): Html {
  return html`<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${title}">${parts}</svg>`
}

function round (value: number): number {
  return Math.round(10 * value) / 10
}
