/** What a line says of itself besides verdicts: a fit on its way or failed, a camera in trouble, a drift. */
import type { CaptureEvent } from '../schemas/capture-event.ts'
import type { FitEnd, FitProgress, LineNotice, WeakPromise } from '../schemas/live.ts'
import type { LineDrift } from '../schemas/learning.ts'
import { adviceText, signalsText } from './drift-text.ts'
import { element } from './element.ts'
import { icon } from './icons.ts'
import { currentLanguage, eventText, fitProblemText, problemText, stageText, translate, warningText } from './texts.ts'

const QUIET: ReadonlySet<string> = new Set(['running', 'looped', 'starting'])

/** A camera in trouble and a fit on its way are both told: neither hides the other. */
export class NoticeBar {
  readonly host = element('div', { class: 'notices', hidden: true })
  #event: CaptureEvent | null = null
  #fit: FitProgress | null = null
  #failure: FitEnd | null = null
  #promise: WeakPromise | null = null
  #drift: LineDrift | null = null

  show ({ notice }: LineNotice): void {
    if (notice.kind === 'fit-progress' || notice.kind === 'fit-ended') {
      this.#fit = notice.kind === 'fit-progress' ? notice : null
      this.#failure = notice.kind === 'fit-ended' && notice.outcome === 'failed' ? notice : null
    } else this.#event = notice
    this.render()
  }

  /** All that holds now. */
  reset (held: ReadonlyArray<LineNotice | null>): void {
    this.#event = this.#fit = this.#failure = null
    this.render()
    for (const notice of held) if (notice !== null) this.show(notice)
  }

  /** The limits promise less than was asked. */
  promises (weak: WeakPromise | null): void {
    this.#promise = weak
    this.render()
  }

  /** What has changed on the line, as its replay buffer says. */
  drifts (drift: LineDrift | null): void {
    this.#drift = drift
    this.render()
  }

  /** A fit that came to its end is over with the first verdict. */
  judged (): void {
    if (this.#fit === null || (this.#fit.share ?? 0) < 1) return
    this.#fit = null
    this.render()
  }

  render (): void {
    const shown = this.#event === null || QUIET.has(this.#event.kind) ? null : this.#event
    this.host.hidden = shown === null && this.#fit === null && this.#failure === null && this.#promise === null && this.#drift === null
    this.host.replaceChildren(
      ...(shown === null ? [] : [element('div', { class: `notice ${shown.kind === 'error' ? 'serious' : 'mild'}` }, ...event(shown))]),
      ...(this.#failure === null ? [] : [element('div', { class: 'notice serious' }, ...failure(this.#failure))]),
      ...(this.#drift === null ? [] : [element('div', { class: 'notice mild drift', role: 'status' }, ...drift(this.#drift))]),
      ...(this.#fit === null ? [] : [element('div', { class: 'notice learning' }, ...progress(this.#fit))]),
      ...(this.#promise === null ? [] : [element('div', { class: 'notice learning promise' }, promise(this.#promise))])
    )
  }
}

function drift (stands: LineDrift): Node[] {
  return [icon('warning'), element('strong', {}, translate('drifts')), element('span', { class: 'drift-signals' }, signalsText(stands)), element('em', {}, adviceText(stands))]
}

function promise ({ asked, promised, atMost, heldOut, needed }: WeakPromise): HTMLElement {
  const percent = (share: number): string => String(Number((share * 100).toPrecision(2)))
  return element('span', {}, translate('weakPromise', { asked: percent(asked), promised: percent(promised), atMost: percent(atMost), heldOut, needed, one: heldOut + 1 }))
}

/** The bar is of all the parts to collect, then of the whole fit: each stage of it begins at nothing. */
function progress ({ stage, done, total, share }: FitProgress): Node[] {
  const bar = element('progress', { 'aria-label': translate('learning') })
  const isCollecting = stage === 'collecting' && total > 0
  const reached = isCollecting ? Math.min(1, done / total) : share
  // Without a value it says that something goes on.
  if (reached !== undefined) bar.value = reached
  const text = isCollecting ? translate('collecting', { done, total }) : translate('fitting', { stage: total > 1 ? `${stageText(stage)} ${done}/${total}` : stageText(stage) })
  const figure = reached === undefined ? '' : `${Math.floor(reached * 100)} %`
  return [element('strong', {}, translate('learning')), element('span', {}, text), bar, element('b', { class: 'number' }, figure)]
}

function failure ({ text, code, fix }: FitEnd): Node[] {
  const told = fitProblemText(code)
  return [
    icon('warning'),
    element('strong', {}, translate('fitFailed')),
    ...(told === '' ? [element('span', {}, text), ...(fix === null ? [] : [element('em', {}, fix)])] : [element('span', { title: fix === null ? text : `${text}. ${fix}` }, told)]),
    ...(code === null ? [] : [element('code', {}, code)])
  ]
}

function event ({ kind, text, fix, code }: CaptureEvent): Node[] {
  const words = [text, ...(fix === null ? [] : [fix])]
  // What happens without trouble is said by its kind already.
  const told = kind !== 'warning' ? problemText(code, '') : currentLanguage() === 'en' ? '' : warningText(text)
  const isSaid = told !== '' || (code === null && currentLanguage() !== 'en')
  return [
    icon(kind === 'error' ? 'warning' : 'camera'),
    element('strong', {}, eventText(kind)),
    ...(isSaid ? [element('span', { title: words.join('. ') }, told)] : [element('span', {}, text), ...(fix === null ? [] : [element('em', {}, fix)])]),
    ...(code === null ? [] : [element('code', {}, code)])
  ]
}
