/** Whether files and folders can be written, asked before the work that fills them. */
import { constants } from 'node:fs'
import { access, open, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { GoodpartsError } from '../engine/errors.ts'
import { makeFolder } from '../engine/make-folder.ts'

/** Options of any command that name a file to write. */
const outputs = ['output', 'json', 'ndjson', 'report', 'suspects', 'checkpoint', 'features']

/** Of the files that the options name. @throws GOODPARTS_STORE_FAILED */
export async function outputsMustBeWritable (command: Command): Promise<void> {
  const options = command.opts<Record<string, unknown>>()
  await mustBeWritable(...outputs.map((name) => options[name]).filter((value) => typeof value === 'string'))
}

/** @throws GOODPARTS_STORE_FAILED for a folder, and where nothing can be written; not for `-` and for nothing given. */
export async function mustBeWritable (...files: ReadonlyArray<string | undefined>): Promise<void> {
  for (const file of files.filter((path) => path !== undefined && path !== '-') as string[]) {
    if (file === '') throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the name of a file to write, got an empty one', { fix: 'Name the file.' })
    const there = await stat(file).catch(() => null)
    if (there?.isDirectory() === true) throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${file} to be a file, got a folder`, { fix: 'Name a file in it.' })
    await (there === null ? tryToMake(`${resolve(file)}.${process.pid}`) : access(file, constants.W_OK)).catch((cause: unknown) => { throw notWritable(file, cause) })
  }
}

/** Makes it where it is missing. @throws GOODPARTS_STORE_FAILED where that, or a file in it, cannot be made. */
export async function mustTakeFiles (folder: string): Promise<void> {
  try {
    makeFolder(folder)
    await tryToMake(join(folder, `.goodparts-${process.pid}`))
  } catch (cause) {
    throw notWritable(folder, cause)
  }
}

/** Of a name of its own, so that who waits for the file, or ends the command now, finds no empty one. Permissions alone do not tell: the system's own folders, and disks mounted read-only, refuse whoever has them. */
async function tryToMake (file: string): Promise<void> {
  await (await open(file, 'wx')).close()
  await rm(file, { force: true })
}

function notWritable (place: string, cause: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${place} to be writable, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, fix: 'Make the folder, or name a place that you may write to.' })
}
