/** What a line says of itself besides verdicts: a fit on its way, a camera in trouble. */
import type { CaptureEvent } from '../schemas/capture-event.ts'
import type { FitProgress, LineNotice } from '../schemas/live.ts'
import { element } from './element.ts'
import { icon } from './icons.ts'
import { eventText, translate } from './texts.ts'

const QUIET: ReadonlySet<string> = new Set(['running', 'looped', 'starting'])

export class NoticeBar {
  readonly host = element('div', { class: 'notice', hidden: true })
  #notice: LineNotice | null = null

  show (notice: LineNotice | null): void {
    this.#notice = notice
    this.render()
  }

  /** A fit that came to its end is over with the first verdict. */
  judged (): void {
    const notice = this.#notice?.notice
    if (notice?.kind === 'fit-progress' && notice.total > 0 && notice.done >= notice.total) this.show(null)
  }

  render (): void {
    const notice = this.#notice?.notice
    this.host.hidden = notice === undefined || QUIET.has(notice.kind)
    if (notice === undefined || this.host.hidden) return
    this.host.className = `notice ${notice.kind === 'error' ? 'serious' : notice.kind === 'fit-progress' ? 'learning' : 'mild'}`
    this.host.replaceChildren(...(notice.kind === 'fit-progress' ? progress(notice) : event(notice)))
  }
}

function progress ({ text, stage, done, total }: FitProgress): Node[] {
  const bar = element('progress', { 'aria-label': translate('learning') })
  if (total > 0) {
    bar.max = total
    bar.value = done
  }
  const figure = total > 0 ? `${Math.floor(Math.min(1, done / total) * 100)} %` : ''
  return [element('strong', {}, translate('learning')), element('span', {}, text === '' ? stage : text), bar, element('b', { class: 'number' }, figure)]
}

function event ({ kind, text, fix, code }: CaptureEvent): Node[] {
  return [
    icon(kind === 'error' ? 'warning' : 'camera'),
    element('strong', {}, eventText(kind)),
    element('span', {}, text),
    ...(fix === null ? [] : [element('em', {}, fix)]),
    ...(code === null ? [] : [element('code', {}, code)])
  ]
}
