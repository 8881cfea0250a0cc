/**
 * Makes `flows/samples/light-guide-plates/` from the data set `lgp`: `node scripts/make-sample.ts FOLDER` (the folder that holds `OK`,
 * `NG`, `NG_mask`). Deterministic: the same input gives the same bytes. The sample's README states the rule of selection.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { decodeImage, encodePng } from '../engine/frame/image-codec.ts'
import { permutation, seededRandom } from '../engine/random.ts'

const TRAIN = 60
const CALIBRATION = 20
const GOOD = 120
const DEFECTIVE = 60
const SEED = 1
const target = join(import.meta.dirname, '..', 'flows', 'samples', 'light-guide-plates')

interface Part { name: string, brightness: number, mask: boolean }
interface Row { split: string, path: string, label: string, mask: string, group: string }

const source = process.argv[2]
if (source === undefined) throw new Error('Expected the folder of the data set lgp as the first argument')

const masked = new Set(readdirSync(join(source, 'NG_mask')))
for (const folder of ['good', 'defect', 'masks']) {
  rmSync(join(target, folder), { recursive: true, force: true })
  mkdirSync(join(target, folder), { recursive: true })
}

const rows = [
  ...await writeGood(source, spread(await partsByBrightness(join(source, 'OK')), GOOD)),
  ...await writeDefective(source, await chooseDefective(join(source, 'NG')))
]
const lines = rows.map(({ split, path, label, mask, group }) => [split, path, label, mask, '', group, 'light-guide-plate'].join(','))
writeFileSync(join(target, 'dataset.csv'), ['split,path,label,mask,boxes,group,product', ...lines, ''].join('\n'))

/** Good parts alternate between training and the rest along the order of brightness, so both see every dot pitch. */
async function writeGood (folder: string, chosen: Part[]): Promise<Row[]> {
  const train = shuffled(chosen.filter((_, rank) => rank % 2 === 0))
  const others = shuffled(chosen.filter((_, rank) => rank % 2 === 1))
  const rows: Row[] = []
  for (const [index, part] of [...train, ...others].entries()) {
    const split = index < TRAIN ? 'train' : index < TRAIN + CALIBRATION ? 'calibration' : 'test'
    rows.push({ split, path: await copy(join(folder, 'OK', part.name), 'good', index), label: 'good', mask: '', group: group('ok', part) })
  }
  return rows
}

async function writeDefective (folder: string, chosen: Part[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const [index, part] of shuffled(chosen).entries()) {
    const path = await copy(join(folder, 'NG', part.name), 'defect', index)
    const mask = part.mask ? await copy(join(folder, 'NG_mask', part.name), 'masks', index) : ''
    rows.push({ split: 'test', path, label: 'defect', mask, group: group('ng', part) })
  }
  return rows
}

/** Every part that has a mask, and of the others an even spread. */
async function chooseDefective (folder: string): Promise<Part[]> {
  const parts = await partsByBrightness(folder)
  const withMask = parts.filter(({ mask }) => mask)
  return [...withMask, ...spread(parts.filter(({ mask }) => !mask), DEFECTIVE - withMask.length)]
}

/** Mean grey level stands in for the dot pitch, for which the data set has no label: denser dots are brighter. */
async function partsByBrightness (folder: string): Promise<Part[]> {
  const parts: Part[] = []
  for (const name of readdirSync(folder).sort()) {
    const { data } = await decodeImage(join(folder, name), { channels: 1 })
    parts.push({ name, brightness: data.reduce((sum, value) => sum + value, 0) / data.length, mask: basename(folder) === 'NG' && masked.has(name) })
  }
  return parts.sort((a, b) => a.brightness - b.brightness || (a.name < b.name ? -1 : 1))
}

function spread (parts: Part[], count: number): Part[] {
  return Array.from({ length: count }, (_, i) => parts[Math.floor((i + 0.5) * parts.length / count)] as Part)
}

function shuffled (parts: Part[]): Part[] {
  return Array.from(permutation(parts.length, seededRandom(SEED)), (index) => parts[index] as Part)
}

function group (kind: string, part: Part): string {
  return `${kind}-${basename(part.name, '.png')}`
}

/** Recompresses without loss as 8-bit grey. */
async function copy (from: string, folder: string, index: number): Promise<string> {
  const path = `${folder}/${String(index).padStart(3, '0')}.png`
  writeFileSync(join(target, path), await encodePng(await decodeImage(from, { channels: 1 }), 9))
  return path
}
