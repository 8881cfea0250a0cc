/** How the last update ended, with its table per product: what the line would have forgotten, and what it has learned. */
import type { LearningState, ProductReport, UpdateReport } from '../schemas/learning.ts'
import { element } from './element.ts'
import { formatMoment } from './format.ts'
import { codedText, translate, type TextKey } from './texts.ts'

export function gateReport ({ last, takenBackAt = null }: Pick<LearningState, 'last' | 'takenBackAt'>): HTMLElement[] {
  const back = takenBackAt === null ? [] : [element('p', { class: 'said taken-back', 'data-verdict': 'review' }, translate(backText(last), { at: formatMoment(takenBackAt) }))]
  if (last === null) return back.length === 0 ? [element('p', { class: 'soft', text: 'noUpdateYet' })] : back
  const { accepted, learned, heldBack, seconds, endedAt, reasons, objections = [], notices = [], products, limits } = last
  const numbers = translate(accepted ? 'updateNumbers' : 'refusedNumbers', { learned, heldBack, seconds: seconds.toFixed(0) })
  const verdict = element('p', { class: 'said', 'data-verdict': accepted ? 'good' : 'review' },
    element('strong', { text: accepted ? 'updateAccepted' : 'updateRefused' }), element('span', {}, endedAt === undefined ? numbers : `${formatMoment(endedAt)} · ${numbers}`))
  return [...back, verdict, ...reasons.map((reason) => element('p', { class: 'wrong' }, codedText(objections.find(({ text }) => text === reason) ?? { text: reason }))), ...notices.map((notice) => element('p', { class: 'soft' }, codedText(notice))), element('div', { class: 'wide' }, table(products, limits))]
}

/** What follows is of an update before the one that was taken back. */
function backText (last: UpdateReport | null): TextKey {
  if (last === null) return 'onlyUpdateTakenBack'
  return last.accepted ? 'updateTakenBack' : 'refusedBeforeTakenBack'
}

const columns = ['heldOutGood', 'knownDefects', 'falseRejects', 'defectsCaught', 'auroc', 'rejectLimit'] as const

function table (products: readonly ProductReport[], limits: UpdateReport['limits']): HTMLElement {
  const heads = (['product', ...columns] as const).map((text) => element('th', { scope: 'col', text }))
  return element('table', { class: 'gate' }, element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...products.map((product) => element('tr', {},
      element('th', { scope: 'row' }, product.product, ...(product.known ? [] : [' ', element('small', { text: 'newProduct' })])),
      ...cells(product, limits)))))
}

/** Each names its column, for screens that have no room for columns. */
function cells ({ good, defects, falseRejects, caught, auroc, limits }: ProductReport, common: UpdateReport['limits']): HTMLElement[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const made = [
    element('td', {}, String(good)), element('td', {}, String(defects)),
    change(falseRejects, percent, -1), change(caught, percent, 1), change(auroc, (area) => area.toFixed(3), 1),
    change(limits ?? common ?? null, (limit) => limit.toPrecision(4), 0)
  ]
  for (const [at, cell] of made.entries()) cell.prepend(element('span', { class: 'column', 'aria-hidden': 'true', text: columns[at] as typeof columns[number] }))
  return made
}

/** `better` = 1 where more is better, 0 where neither is. */
function change (pair: { before: number, after: number } | null, format: (value: number) => string, better: 1 | -1 | 0): HTMLElement {
  if (pair === null) return element('td', {}, '–')
  const [before, after] = [format(pair.before), format(pair.after)]
  if (before === after) return element('td', {}, after)
  if (better === 0) return element('td', { class: 'changed' }, `${before} → ${after}`)
  const isBetter = (pair.after - pair.before) * better > 0
  return element('td', { 'data-verdict': isBetter ? 'good' : 'reject', class: 'changed' }, `${before} → ${after}`)
}
