/** Paths from messages stay under the folder that was configured. */
import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { GoodpartsError } from '../errors.ts'

/**
 * The real path of `path` (relative to `folder`, or absolute), links followed.
 * @throws GOODPARTS_FORBIDDEN when it leads out of `folder` or `folder` is empty, GOODPARTS_ARGUMENT when there is nothing.
 */
export async function confinedPath (folder: string, path: string): Promise<string> {
  if (folder === '') {
    throw new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected a folder to be configured for reading files, got the path "${path}" and no folder`, { fix: 'set the folder of the node' })
  }
  const root = await real(folder)
  const wanted = resolve(root, path)
  // The folder may itself have been named by way of a link.
  if (!isWithin(root, wanted) && !isWithin(resolve(folder), wanted)) throw outside(folder, path)
  const found = await real(wanted)
  if (!isWithin(root, found)) throw outside(folder, path)
  return found
}

/**
 * As `confinedPath`, for the first of several folders that has it; folders that are not there are passed over. `fix` says how one is added.
 * @throws GOODPARTS_FORBIDDEN when it leads out of all of them, GOODPARTS_ARGUMENT when there is nothing.
 */
export async function confinedPathOfAny (folders: readonly string[], path: string, fix: string): Promise<string> {
  const tries = await Promise.allSettled(folders.map(async (folder) => await confinedPath(folder, path)))
  const found = tries.find((attempt): attempt is PromiseFulfilledResult<string> => attempt.status === 'fulfilled')
  if (found !== undefined) return found.value
  // Absolute, it may be missing from the one folder that it belongs to.
  const within = folders.findIndex((folder) => isWithin(resolve(folder), resolve(folder, path)))
  const missing = tries[within]
  if (missing?.status === 'rejected') throw missing.reason
  throw new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected a path under ${folders.join(' or ')}, got "${path}"`, { fix })
}

function isWithin (root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

async function real (path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to exist and to be readable`, { cause })
  }
}

function outside (folder: string, path: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected a path under ${folder}, got "${path}"`)
}
