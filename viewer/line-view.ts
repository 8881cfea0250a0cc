/** One line: its picture, verdict, figures, chart and kept parts. */
import type { InspectionRecord, Verdict } from '../schemas/inspection.ts'
import type { LineNotice, LineState, LineStatistics, KeptEntry, VerdictCounts } from '../schemas/live.ts'
import type { LearningState } from '../schemas/learning.ts'
import { element, translateTree } from './element.ts'
import { formatCount, formatRate, formatScore, formatTime } from './format.ts'
import type { HeatmapSettings } from './heatmap.ts'
import { icon } from './icons.ts'
import { NoticeBar } from './notice-bar.ts'
import type { Packet } from './packet.ts'
import { Picture } from './picture.ts'
import { PartList, type PartListOptions } from './part-list.ts'
import { ScoreChart } from './score-chart.ts'
import { reasonText, translate, type TextKey } from './texts.ts'

const HOLD_MS = 1500
const kinds = [['good', 'good'], ['review', 'review'], ['reject', 'reject'], ['notInspected', 'not-inspected']] as const

export interface LineViewOptions extends PartListOptions {
  shown: (packet: number) => void
  focus: () => void
  holdRejects: () => boolean
  /** Shows what the line has learned. */
  memory: () => void
  /** Keeps the part on the screen. */
  hold: (eventId: string) => Promise<KeptEntry>
}

export class LineView {
  readonly line: string
  readonly host: HTMLElement
  readonly #options: LineViewOptions
  readonly #picture: Picture
  readonly #banner = element('div', { class: 'banner', 'data-verdict': 'waiting' })
  readonly #caption = element('div', { class: 'caption' })
  readonly #shownRate = element('span', { class: 'shown-rate' })
  readonly #when = element('span')
  readonly #look = element('button', { type: 'button', class: 'quiet look', hint: 'lookHint', disabled: true }, icon('review'), element('span', { text: 'look' }))
  readonly #memory = element('button', { type: 'button', class: 'quiet memory', hidden: true }, element('span', { text: 'memory' }), element('span', { class: 'badge' }))
  readonly #notice = new NoticeBar()
  readonly #chart = new ScoreChart()
  readonly #parts: PartList
  readonly #tiles = new Map<string, HTMLElement>()
  readonly #shares = new Map<keyof VerdictCounts, { bar: HTMLElement, count: HTMLElement }>()
  #counts: VerdictCounts = { good: 0, review: 0, reject: 0, notInspected: 0 }
  #statistics: LineStatistics | undefined
  #record: InspectionRecord | null = null
  #seen = false
  #heldUntil = 0
  #capturedAt = ''
  /** Pictures are decoded one after another: a later one must not be overtaken. The server sends two ahead at most. */
  #turn: Promise<void> = Promise.resolve()

  constructor (state: LineState, options: LineViewOptions) {
    this.line = state.line
    this.#options = options
    this.#picture = new Picture(options.heatmap())
    this.#parts = new PartList(options)
    const title = element('button', { type: 'button', class: 'line-title' }, state.line)
    title.addEventListener('click', () => { options.focus() })
    this.#memory.addEventListener('click', () => { options.memory() })
    this.#look.addEventListener('click', () => { this.#lookCloser() })
    this.#caption.append(this.#shownRate, this.#look, this.#when)
    this.host = element('article', { class: 'line', 'aria-label': state.line },
      element('header', { class: 'line-head' }, element('h2', {}, title), element('span', { class: 'space' }), this.#memory),
      this.#notice.host,
      element('div', { class: 'line-body' },
        element('section', { class: 'stage panel' }, this.#banner,
          element('div', { class: 'picture live' }, this.#picture.canvas, element('span', { class: 'no-picture', text: 'noPicture' }),
            element('span', { class: 'chip', text: 'held' }), element('span', { class: 'veil', text: 'stale' })), this.#caption),
        element('section', { class: 'figures' }, this.#makeTiles(), this.#makeShares(),
          element('div', { class: 'panel chart-panel' }, element('h3', { text: 'scoreChart' }), this.#chart.host)),
        element('div', { class: 'panel rejects-panel' }, this.#parts.host)))
    this.reset(state)
  }

  reset (state: LineState): void {
    this.#counts = state.counts
    this.#notice.reset([state.notice, state.fit])
    this.#notice.promises(state.weakPromise)
    this.#chart.reset(state.points, state.limits)
    this.#parts.reset(state.kept)
    this.learned(state.learning)
    this.#render()
  }

  /** Shows a picture and answers it, also when it cannot be decoded: the server would wait for ever. */
  frame (packet: Packet): void {
    this.#turn = this.#turn.then(async () => this.#show(packet)).catch(() => {}).then(() => { this.#options.shown(packet.header.packet) })
  }

  async #show (packet: Packet): Promise<void> {
    const { record, frame } = packet.header
    const now = performance.now()
    if (record?.verdict === 'reject' && this.#options.holdRejects()) this.#heldUntil = now + HOLD_MS
    else if (now < this.#heldUntil) return
    await this.#picture.show(packet)
    this.#seen = true
    this.#record = record
    this.host.classList.add('seen')
    this.#capturedAt = frame.capturedAt
    this.#renderBanner()
    this.#renderHold()
  }

  verdict (record: InspectionRecord): void {
    this.#counts = { ...this.#counts }
    this.#counts[record.verdict === 'not-inspected' ? 'notInspected' : record.verdict]++
    this.#chart.add({ at: record.times.scored, score: record.score, verdict: record.verdict }, record.limits)
    this.#notice.judged()
    this.#renderCounts()
  }

  kept (entry: KeptEntry): void {
    this.#parts.add(entry)
  }

  /** Somebody has said something of a part. */
  said (): void {
    this.#parts.translate()
  }

  /** The line's replay buffer has changed. */
  learned (learning: LearningState | null): void {
    this.#memory.hidden = learning === null
    const waiting = this.#memory.querySelector('.badge')
    waiting?.replaceChildren(String(learning?.waiting ?? 0))
    waiting?.toggleAttribute('hidden', learning?.waiting === 0)
    this.#notice.drifts(learning?.drift ?? null)
  }

  notice (notice: LineNotice): void {
    this.#notice.show(notice)
  }

  statistics (statistics: LineStatistics): void {
    this.#statistics = statistics
    this.#counts = statistics.counts
    this.#render()
  }

  restyle (settings: HeatmapSettings): void {
    this.#picture.restyle(settings)
    this.#parts.restyle()
  }

  /** After the language or the theme changed. */
  rebuild (): void {
    translateTree(this.host)
    this.#chart.rebuild()
    this.#parts.translate()
    this.#notice.render()
    this.#render()
  }

  /** Freezes the part on the screen, to say what it is. */
  #lookCloser (): void {
    const record = this.#record
    if (record === null) return
    this.#options.hold(record.eventId).then((entry) => { this.#options.open([entry, ...this.#parts.entries.filter(({ record: { eventId } }) => eventId !== record.eventId)], 0) }, () => {
      this.#look.classList.add('missed')
      setTimeout(() => { this.#look.classList.remove('missed') }, 600)
    })
  }

  #makeTiles (): HTMLElement {
    const tile = (key: TextKey): HTMLElement => {
      const value = element('output', { class: 'number' })
      this.#tiles.set(key, value)
      return element('div', { class: 'tile panel' }, element('span', { text: key }), value)
    }
    return element('div', { class: 'tiles' }, tile('rate'), tile('latency'), tile('parts'), tile('rejectShare'))
  }

  #makeShares (): HTMLElement {
    const bars = element('div', { class: 'share-bars', 'aria-hidden': 'true' })
    const legend = element('ul', { class: 'share-legend' })
    for (const [key, verdict] of kinds) {
      const bar = element('span', { 'data-verdict': verdict })
      const count = element('b', { class: 'number' })
      bars.append(bar)
      legend.append(element('li', { 'data-verdict': verdict }, icon(verdict), element('span', { text: verdict }), count))
      this.#shares.set(key, { bar, count })
    }
    legend.append(element('li', { class: 'since', text: 'sinceStart' }))
    return element('div', { class: 'shares panel' }, bars, legend)
  }

  #render (): void {
    this.#renderBanner()
    this.#renderCounts()
    const rate = this.#statistics?.framesPerSecond ?? 0
    const latency = this.#statistics?.latencyMs ?? null
    this.#tile('rate', rate === 0 ? translate('idle') : formatRate(rate), rate === 0 ? '' : translate('perSecond'))
    this.#tile('latency', latency === null ? '–' : latency.median.toFixed(0), latency === null ? '' : 'ms')
    const hint = latency === null ? '' : translate('latencyHint', { p95: latency.p95.toFixed(0) })
    this.#tiles.get('latency')?.parentElement?.setAttribute('title', hint)
    this.#shownRate.textContent = rate === 0 ? translate('idle') : translate('showing', { shown: (this.#statistics?.shownPerSecond ?? 0).toFixed(0), rate: rate.toFixed(0) })
    this.host.classList.toggle('idle', rate === 0)
  }

  #renderHold (): void {
    const left = this.#heldUntil - performance.now()
    this.host.classList.toggle('held', left > 0)
    if (left > 0) setTimeout(() => { this.#renderHold() }, left)
  }

  #renderCounts (): void {
    const { good, review, reject, notInspected } = this.#counts
    const total = good + review + reject + notInspected
    this.#tile('parts', formatCount(total), '')
    const judged = good + review + reject
    this.#tile('rejectShare', judged === 0 ? '–' : (reject / judged * 100).toFixed(1), judged === 0 ? '' : '%')
    for (const [key, { bar, count }] of this.#shares) {
      bar.style.flexGrow = String(this.#counts[key])
      count.textContent = formatCount(this.#counts[key])
    }
  }

  #renderBanner (): void {
    const record = this.#record
    const verdict: Verdict | 'waiting' = record?.verdict ?? 'waiting'
    this.#banner.dataset.verdict = verdict
    this.#look.disabled = record === null
    this.#when.textContent = this.#capturedAt === '' ? '' : translate('capturedAt', { time: formatTime(this.#capturedAt) })
    const label = record === null ? translate(this.#seen ? 'watching' : 'waiting') : translate(record.verdict)
    const detail = record === null ? [] : [element('span', { class: 'reason' }, reasonText(record.reason.code)), ...(record.partId === null ? [] : [element('span', { class: 'part' }, translate('part', { part: record.partId }))])]
    const score = record?.score == null ? [] : [element('span', { class: 'score' }, element('span', { text: 'score' }), element('b', { class: 'number' }, formatScore(record.score)))]
    this.#banner.replaceChildren(element('span', { class: 'seal' }, icon(verdict)), element('strong', {}, label), ...detail, element('span', { class: 'space' }), ...score)
  }

  #tile (key: TextKey, value: string, unit: string): void {
    this.#tiles.get(key)?.replaceChildren(value, ...(unit === '' ? [] : [element('small', {}, unit)]))
  }
}
