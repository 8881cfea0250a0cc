/** How the last update ended, with its table per product: what the line would have forgotten, and what it has learned. */
import type { ProductReport, UpdateReport } from '../schemas/learning.ts'
import { element } from './element.ts'
import { codedText, translate } from './texts.ts'

export function gateReport (last: UpdateReport | null): HTMLElement[] {
  if (last === null) return [element('p', { class: 'soft', text: 'noUpdateYet' })]
  const { accepted, learned, heldBack, seconds, reasons, objections = [], notices = [], products } = last
  const verdict = element('p', { class: 'said', 'data-verdict': accepted ? 'good' : 'review' },
    element('strong', { text: accepted ? 'updateAccepted' : 'updateRefused' }), element('span', {}, translate(accepted ? 'updateNumbers' : 'refusedNumbers', { learned, heldBack, seconds: seconds.toFixed(0) })))
  return [verdict, ...reasons.map((reason) => element('p', { class: 'wrong' }, codedText(objections.find(({ text }) => text === reason) ?? { text: reason }))), ...notices.map((notice) => element('p', { class: 'soft' }, codedText(notice))), element('div', { class: 'wide' }, table(products))]
}

const columns = ['heldOutGood', 'knownDefects', 'falseRejects', 'defectsCaught', 'auroc'] as const

function table (products: readonly ProductReport[]): HTMLElement {
  const heads = (['product', ...columns] as const).map((text) => element('th', { scope: 'col', text }))
  return element('table', { class: 'gate' }, element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...products.map((product) => element('tr', {},
      element('th', { scope: 'row' }, product.product, ...(product.known ? [] : [' ', element('small', { text: 'newProduct' })])),
      ...cells(product)))))
}

/** Each names its column, for screens that have no room for columns. */
function cells ({ good, defects, falseRejects, caught, auroc }: ProductReport): HTMLElement[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const made = [
    element('td', {}, String(good)), element('td', {}, String(defects)),
    change(falseRejects, percent, -1), change(caught, percent, 1), change(auroc, (area) => area.toFixed(3), 1)
  ]
  for (const [at, cell] of made.entries()) cell.prepend(element('span', { class: 'column', 'aria-hidden': 'true', text: columns[at] as typeof columns[number] }))
  return made
}

/** `better` = 1 where more is better. */
function change (pair: { before: number, after: number } | null, format: (value: number) => string, better: 1 | -1): HTMLElement {
  if (pair === null) return element('td', {}, '–')
  const [before, after] = [format(pair.before), format(pair.after)]
  if (before === after) return element('td', {}, after)
  const isBetter = (pair.after - pair.before) * better > 0
  return element('td', { 'data-verdict': isBetter ? 'good' : 'reject', class: 'changed' }, `${before} → ${after}`)
}
