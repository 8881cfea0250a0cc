/** The files that a command is told to write: each must be writable, and none of them one that the same command reads, or writes already. */
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, sep } from 'node:path'
import type { Command } from 'commander'
import { GoodpartsError } from '../engine/errors.ts'
import { isPicture } from '../engine/evaluation/dataset-folder.ts'
import { isOpenFile, mustBeWritable, placeOf } from './output-file.ts'

export interface NamedFile {
  /** Of the option or the argument, as a person types it. */
  name: string
  file: string
}

/** Options of any command that name a file to write; `--output` of some names something else. */
const outputs = ['output', 'json', 'ndjson', 'report', 'suspects', 'checkpoint', 'features']
/** Those that name what is read, beside the arguments. */
const inputs = ['bundle', 'hidden', 'defects', 'regions', 'images']

/** Before any work. @throws GOODPARTS_STORE_FAILED, GOODPARTS_ARGUMENT */
export async function outputsMustBeOfUse (command: Command): Promise<void> {
  const options = command.opts<Record<string, unknown>>()
  const named = command.options.map((option) => ({ option, key: option.attributeName(), value: options[option.attributeName()] }))
  const files = (keys: readonly string[]): NamedFile[] => named.flatMap(({ option: { long, flags }, key, value }) =>
    keys.includes(key) && typeof value === 'string' && !(key === 'output' && !flags.includes('<file>')) ? [{ name: long ?? flags, file: value }] : [])
  // What standard output may be given, its help says.
  const elsewhere = named.find(({ option, key, value }) => outputs.includes(key) && value === '-' && !option.description.includes('standard output'))
  if (elsewhere !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${elsewhere.option.long ?? elsewhere.option.flags} to name a file, got -`, { fix: 'Give the file a name; ./- is one that is called so.' })
  const written = files(outputs)
  await filesMustBeOfUse(written, [...command.args, ...files(inputs).map(({ file }) => file)])
}

/**
 * @param read Files and folders that the command reads, and whatever else it was given: what names nothing on the disk counts for nothing.
 * @throws GOODPARTS_STORE_FAILED where one cannot be written, GOODPARTS_ARGUMENT where two are one file, or one is a file that is read, under whatever name
 */
export async function filesMustBeOfUse (written: readonly NamedFile[], read: readonly string[]): Promise<void> {
  await mustBeWritable(...written.map(({ file }) => file))
  await mustBeApart(written, read)
}

async function mustBeApart (written: readonly NamedFile[], read: readonly string[]): Promise<void> {
  const places = new Map<string, NamedFile>()
  for (const output of written.filter(({ file }) => file !== '-' && !isOpenFile(file))) {
    const place = await placeOf(output.file)
    const found = await stat(place).catch(() => null)
    if (found?.isFile() === false) continue
    const identity = found === null ? place : identityOf(found)
    const other = places.get(identity)
    if (other !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${other.name} and ${output.name} to name two files, got ${other.file} and ${output.file}, which are one`, { fix: 'Give each a file of its own.' })
    places.set(identity, output)
    if (found === null) continue
    for (const input of read) {
      if (await isRead(input, place, identity)) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${output.name} to name a file that the command does not read, got ${output.file}`, { fix: `Give ${output.name} another file: this one would be written over.` })
    }
  }
}

/** Of a folder, and of the folder of a list, its pictures and its list are read. */
async function isRead (input: string, place: string, identity: string): Promise<boolean> {
  const found = await stat(input).catch(() => null)
  if (found === null) return false
  if (identityOf(found) === identity) return true
  const isList = found.isFile() && extname(input).toLowerCase() === '.csv'
  if (!(found.isDirectory() || isList) || !(isPicture(place) || basename(place) === 'dataset.csv')) return false
  const inside = await placeOf(input)
  return place.startsWith(`${isList ? dirname(inside) : inside}${sep}`)
}

function identityOf ({ dev, ino }: { dev: number, ino: number }): string {
  return `${dev}:${ino}`
}
