/** A contact sheet to be taken along: its pictures in folders `product/label`, as detectors learn from them elsewhere, and its table. */
import { createHash } from 'node:crypto'
import { splitExemplarLabel } from '../../schemas/exemplar-label.ts'
import type { LearningSheet, SheetPicture } from '../../schemas/learning.ts'
import { sheetTable } from './sheet-table.ts'
import { tarArchive } from './tar-archive.ts'

/** Bytes of UTF-8 of a folder's name. */
const longestFolder = 60
/** Of the hash of a name that could not stay as it is. */
const hashDigits = 8

/** `picture` gives the encoded bytes, `null` for one that has gone meanwhile. */
export function sheetArchive (sheet: LearningSheet, picture: (sha256: string) => Promise<Uint8Array | null>, at: Date): AsyncGenerator<Uint8Array> {
  const pictures = new Map([...sheet.relabel, ...sheet.memory, ...sheet.waiting].map((each) => [each.sha256, each]))
  return tarArchive([
    { path: 'exemplars.csv', read: () => Buffer.from(sheetTable(sheet, pathOf)) },
    ...[...pictures.values()].map((each) => ({ path: pathOf(each), read: async () => picture(each.sha256) }))
  ], at)
}

function pathOf ({ label: text, sha256 }: SheetPicture): string {
  const { product, label } = splitExemplarLabel(text)
  return `${folderName(product)}/${folderName(label)}/${sha256}.png`
}

/** People write labels: what no file system takes, and what would lead out of the folder, gives way. Names that were different stay so, by a hash. */
function folderName (text: string): string {
  // eslint-disable-next-line no-control-regex
  const name = text.replaceAll(/[\u0000-\u001f\u007f"*/:<>?\\|]/g, '_').replace(/^\.+/, '_').replace(/[. ]+$/, '_')
  if (name === text && name !== '' && Buffer.byteLength(name) <= longestFolder) return name
  const mark = `~${createHash('sha256').update(text).digest('hex').slice(0, hashDigits)}`
  let start = name
  while (Buffer.byteLength(start) + mark.length > longestFolder) start = Array.from(start).slice(0, -1).join('')
  return `${start}${mark}`
}
