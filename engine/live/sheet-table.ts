/** A contact sheet as CSV (RFC 4180), to be taken along. */
import { splitExemplarLabel } from '../../schemas/exemplar-label.ts'
import type { LearningSheet, SheetPicture } from '../../schemas/learning.ts'

const columns = ['list', 'sha256', 'product', 'label', 'place', 'why', 'snnl', 'picture'] as const

/** One row for each picture of each list; `placeOf` says where the picture itself is. */
export function sheetTable (sheet: LearningSheet, placeOf: (picture: SheetPicture) => string): string {
  const lists = ['relabel', 'memory', 'waiting'] as const
  const rows = lists.flatMap((list) => sheet[list].map((picture) => rowOf(list, picture, placeOf(picture))))
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function rowOf (list: string, { sha256, label: said, place, text, snnl }: SheetPicture, address: string): string[] {
  const { product, label } = splitExemplarLabel(said)
  return [list, sha256, product, label, place, text, snnl === null ? '' : String(snnl), address]
}

/** A spreadsheet takes what begins so for a formula: labels are written by people. */
function cell (text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
