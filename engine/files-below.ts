/** The files of a folder and of the folders below it, where these may be endless: somebody may name `/proc`. */
import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GoodpartsError } from './errors.ts'

/** Of everything that lies there, wanted or not. */
const MOST_ENTRIES = 1_000_000
const DEEPEST = 32

export interface FilesBelowOptions {
  /** By its path below the folder. */
  isWanted: (path: string) => boolean
  signal?: AbortSignal
  mostEntries?: number
}

/**
 * Paths relative to `folder`, sorted. A folder that several links lead to is visited once, folders below that cannot be read are passed over, and so
 * is what lies more than 32 folders deep. @throws what `opendir` says of `folder` itself, GOODPARTS_ARGUMENT when more than a million entries lie there, the signal's reason.
 */
export async function filesBelow (folder: string, { isWanted, signal, mostEntries = MOST_ENTRIES }: FilesBelowOptions): Promise<string[]> {
  const found: string[] = []
  const visited = new Set([await realpath(folder).catch(() => folder)])
  let seen = 0
  const open = [{ path: '', depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path: below, depth } = next
    try {
      for await (const entry of await opendir(join(folder, below))) {
        signal?.throwIfAborted()
        if (++seen > mostEntries) {
          throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${folder} to hold at most ${mostEntries} files and folders, got more`, { fix: 'Name the folder that holds the pictures.' })
        }
        const path = join(below, entry.name)
        const real = await realFolder(join(folder, path), entry)
        if (real !== null) {
          if (depth < DEEPEST && !visited.has(real)) open.push({ path, depth: depth + 1 })
          visited.add(real)
        } else if (isWanted(path)) found.push(path)
      }
    } catch (error) {
      if (below === '' || error instanceof GoodpartsError || signal?.aborted === true) throw error
    }
  }
  return found.sort((a, b) => a < b ? -1 : 1)
}

/** `null` for what is no folder, nor a link to one. */
async function realFolder (path: string, entry: Dirent): Promise<string | null> {
  if (!entry.isDirectory() && !entry.isSymbolicLink()) return null
  try {
    return (await stat(path)).isDirectory() ? await realpath(path) : null
  } catch {
    return null
  }
}
