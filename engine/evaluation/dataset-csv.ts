/** The rows of a `dataset.csv`; see docs/datasets.md for its columns. */
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { GoodpartsError } from '../errors.ts'
import { imageSize } from '../frame/image-codec.ts'
import { splits, type DatasetEntry, type DefectBox, type Split } from './dataset-entry.ts'

/** In pixels: programs that draw boxes round their corners differently. */
const BOX_TOLERANCE = 1

const requiredColumns = ['split', 'path', 'label'] as const

interface Row {
  record: Partial<Record<string, string>>
  info: { lines: number }
}

/**
 * Columns `split,path,label` and, where known, `mask,boxes,group,product`, in any order; others are left alone. Paths are relative to
 * the csv. UTF-8, with or without a byte-order mark, any line ending, RFC 4180 quotes.
 * @throws GOODPARTS_DATASET_INVALID naming the line.
 */
export async function readDatasetCsv (file: string): Promise<DatasetEntry[]> {
  const rows = parseRows(file)
  if (rows.length === 0) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${file} to have rows, got none`)
  return Promise.all(rows.map(async ({ record, info }) => {
    const where = `${file}, line ${info.lines}`
    const entry = readRow(record, dirname(file), where)
    await expectFile(entry.path, 'path', where)
    if (entry.mask !== null) await expectFile(entry.mask, 'mask', where)
    await expectBoxesInside(entry, where)
    return entry
  }))
}

function parseRows (file: string): Row[] {
  try {
    return parse(readFileSync(file), { bom: true, columns: (header: string[]) => checkedHeader(header, file), info: true, trim: true, skip_empty_lines: true }) as unknown as Row[]
  } catch (error) {
    if (error instanceof GoodpartsError) throw error
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${file} to be a csv file: ${(error as Error).message}`, { cause: error })
  }
}

function checkedHeader (header: string[], file: string): string[] {
  const missing = requiredColumns.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected the header of ${file} to name ${missing.join(', ')}, got ${header.join(', ')}`,
      { fix: 'The first line names the columns: split,path,label,mask,boxes,group,product' })
  }
  return header
}

function readRow (record: Row['record'], folder: string, where: string): DatasetEntry {
  const split = record.split ?? ''
  const label = record.label ?? ''
  const path = record.path ?? ''
  if (!isSplit(split)) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected split to be one of ${splits.join(', ')}, got "${split}" (${where})`)
  if (label === '') throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected label to be good or a type of defect, got nothing (${where})`)
  if (path === '') throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected path to name a picture, got nothing (${where})`)
  return {
    split,
    path: resolve(folder, path),
    label,
    isGood: label === 'good',
    mask: record.mask ? resolve(folder, record.mask) : null,
    boxes: (record.boxes ?? '').split(';').filter((text) => text.trim() !== '').map((text) => readBox(text.trim(), where)),
    group: record.group || null,
    product: record.product || null
  }
}

function isSplit (value: string): value is Split {
  return (splits as readonly string[]).includes(value)
}

/** `x1 y1 x2 y2 type`. */
function readBox (text: string, where: string): DefectBox {
  const parts = text.split(/\s+/)
  const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = parts.slice(0, 4).map(Number)
  if (![x1, y1, x2, y2].every(Number.isFinite) || x2 <= x1 || y2 <= y1) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected a box to be "x1 y1 x2 y2 type" with x1 < x2 and y1 < y2, got "${text}" (${where})`)
  }
  return { x1, y1, x2, y2, type: parts.slice(4).join(' ') }
}

/** One that lies elsewhere is of another resolution, or no two corners: what it covers of the picture is no defect. A file that is no picture is told of when it is read. */
async function expectBoxesInside ({ path, boxes }: DatasetEntry, where: string): Promise<void> {
  if (boxes.length === 0) return
  const size = await imageSize(path)
  if (size === null) return
  for (const { x1, y1, x2, y2 } of boxes) {
    if (Math.min(x1, y1) >= -BOX_TOLERANCE && x2 <= size.width + BOX_TOLERANCE && y2 <= size.height + BOX_TOLERANCE && Math.min(x2, y2) > 0 && x1 < size.width && y1 < size.height) continue
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected a box to lie in its picture of ${size.width} x ${size.height} pixels, got "${x1} ${y1} ${x2} ${y2}" (${where})`,
      { fix: 'Give both corners, "x1 y1 x2 y2 type", in pixels of the picture that path names, the second just outside the defect.' })
  }
}

async function expectFile (path: string, column: string, where: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isFile() !== true) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${column} to name a file, got ${path} (${where})`)
}
