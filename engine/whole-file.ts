/** Files of which a reader sees the old content or the new, never half of one: written beside the place, flushed, renamed. */
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { notWritten } from './not-written.ts'

const unfinished = '.part'
const uuidAndEnding = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/

/** `pieces` follow each other without a gap; `mode` is the new file's, where given. @throws GOODPARTS_STORE_FAILED with the file system's error as its cause; the earlier file is then as it was */
export async function writeWhole (path: string, pieces: ReadonlyArray<string | Uint8Array>, mode?: number): Promise<void> {
  const temporary = beside(path)
  try {
    const file = await open(temporary, 'wx')
    try {
      if (mode !== undefined) await file.chmod(mode & 0o7777)
      for (const piece of pieces) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw notWritten(path, error)
  }
}

/** The same before it returns, for what must be on the disk before anything else happens. @throws GOODPARTS_STORE_FAILED */
export function writeWholeSync (path: string, bytes: Uint8Array): void {
  const temporary = beside(path)
  try {
    const file = openSync(temporary, 'wx')
    try {
      writeFileSync(file, bytes)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw notWritten(path, error)
  }
}

/** Whether `name`, in the folder of `path`, is what an end on the way left of it. */
export function isUnfinished (name: string, path: string): boolean {
  return name.startsWith(`${basename(path)}.`) && uuidAndEnding.test(name.slice(basename(path).length + 1))
}

function beside (path: string): string {
  return `${path}.${randomUUID()}${unfinished}`
}
