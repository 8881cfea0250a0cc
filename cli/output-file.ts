/** Whether files and folders can be written, asked before the work that fills them, and their writing, which keeps what was there until the new is whole. */
import { constants } from 'node:fs'
import { access, open, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { GoodpartsError } from '../engine/errors.ts'
import { makeFolder } from '../engine/make-folder.ts'
import { notWritten } from '../engine/not-written.ts'
import { writeWhole } from '../engine/whole-file.ts'

/** @throws GOODPARTS_STORE_FAILED for a folder, and where nothing can be written; not for `-`. */
export async function mustBeWritable (...files: readonly string[]): Promise<void> {
  for (const file of files.filter((path) => path !== '-')) {
    if (file === '') throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the name of a file to write, got an empty one', { fix: 'Name the file.' })
    const there = await stat(file).catch(() => null)
    if (there?.isDirectory() === true) throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${file} to be a file, got a folder`, { fix: 'Name a file in it.' })
    await (there === null ? tryToMake(`${resolve(file)}.${process.pid}`) : access(file, constants.W_OK)).catch((cause: unknown) => { throw notWritten(file, cause) })
  }
}

/** Makes it where it is missing. @throws GOODPARTS_STORE_FAILED where that, or a file in it, cannot be made. */
export async function mustTakeFiles (folder: string): Promise<void> {
  try {
    makeFolder(folder)
    await tryToMake(join(folder, `.goodparts-${process.pid}`))
  } catch (cause) {
    throw notWritten(folder, cause)
  }
}

/**
 * Beside the file, then renamed: a disk that is full, or an end on the way, leaves the earlier file as it was. What is no regular file is
 * written as it is, as is a file in whose folder none can be made or that cannot be exchanged. @throws GOODPARTS_STORE_FAILED, which names the file.
 */
export async function writeOutput (file: string, content: string): Promise<void> {
  try {
    const place = await placeOf(file)
    const there = await stat(place).catch(() => null)
    if (there?.isFile() === false || isOpenFile(file)) await writeFile(file, content)
    else await exchange(place, content, there?.mode)
  } catch (cause) {
    throw notWritten(file, cause instanceof GoodpartsError ? cause.cause : cause)
  }
}

/** Where a name leads at last, whether something is there or not. @throws the file system's error where it leads in circles or its folder is not there. */
export async function placeOf (file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (!hasCode(error, ['ENOENT'])) throw error
    const folder = await realpath(dirname(resolve(file)))
    const link = await readlink(file).catch(() => null)
    return link === null ? join(folder, basename(file)) : placeOf(resolve(folder, link))
  }
}

/** Standard output and its like: another program, or this one, holds the file that they lead to open, and would not see another in its place. */
export function isOpenFile (file: string): boolean {
  return /^\/(?:dev\/(?:fd\/|std)|proc\/)/.test(resolve(file))
}

async function exchange (place: string, content: string, mode: number | undefined): Promise<void> {
  try {
    await writeWhole(place, [content], mode)
  } catch (error) {
    // A folder that takes no new files, and a file that is mounted by itself: only writing over it is left.
    if (mode === undefined || !(error instanceof GoodpartsError) || !hasCode(error.cause, ['EACCES', 'EPERM', 'EROFS', 'EBUSY'])) throw error
    await writeFile(place, content)
  }
}

/** Of a name of its own, so that who waits for the file, or ends the command now, finds no empty one. Permissions alone do not tell: the system's own folders, and disks mounted read-only, refuse whoever has them. */
async function tryToMake (file: string): Promise<void> {
  await (await open(file, 'wx')).close()
  await rm(file, { force: true })
}

function hasCode (error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
