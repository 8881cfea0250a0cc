/** Folders that may be missing. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname, parse, resolve } from 'node:path'

/**
 * Makes a folder and those above it. Node's own recursive `mkdir` never ends where a folder is there but says of what is made in it that it
 * is not, as those of `/proc` do (measured on Node 24).
 * @throws the file system's error.
 */
export function makeFolder (folder: string): void {
  const missing: string[] = []
  for (let at = resolve(folder); statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.unshift(at)
  for (const at of missing) {
    try {
      mkdirSync(at)
    } catch (error) {
      // Somebody else may have been as fast.
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    }
  }
  // The file system's own word for it.
  if (!statSync(folder).isDirectory()) mkdirSync(folder)
}

/**
 * As `makeFolder`, but only below a folder that is there and is not the root of a disk: a mistyped absolute path leaves nothing behind.
 * @throws also where none of the folders of the path is there.
 */
export function makeFolderBelow (folder: string): void {
  const whole = resolve(folder)
  const { root } = parse(whole)
  let first = whole
  while (dirname(first) !== root && first !== root) first = dirname(first)
  if (statSync(first, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no folder ${first}, and none is made at the root of the disk`)
  makeFolder(whole)
}
