/** Whether a file can be written, asked before the work that fills it. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { GoodpartsError } from '../engine/errors.ts'

/** @throws GOODPARTS_STORE_FAILED for a folder, and where nothing can be written; not for `-` and for nothing given. */
export async function mustBeWritable (...files: ReadonlyArray<string | undefined>): Promise<void> {
  for (const file of files.filter((path) => path !== undefined && path !== '-') as string[]) {
    const there = await stat(file).catch(() => null)
    if (there?.isDirectory() === true) throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${file} to be a file, got a folder`, { fix: 'Name a file in it.' })
    const place = there === null ? dirname(resolve(file)) : file
    await access(place, constants.W_OK).catch((cause: unknown) => {
      throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${place} to be writable, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, fix: 'Make the folder, or name a place that you may write to.' })
    })
  }
}
