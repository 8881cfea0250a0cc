/** The checkpoint of a fit: of these very pictures, options, seed and threads, and of this version. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { packageVersion } from '../package-version.ts'
import { Checkpoint } from '../training/checkpoint.ts'
import type { FitRequest } from './fit-process.ts'

/** Train steps between two writings: a few seconds of work that may be lost. */
const every = 20

/** `null` where none was asked for. @throws GOODPARTS_ARGUMENT when the file is of another fit. */
export async function fitCheckpoint ({ checkpoint: path, family, images, defects = [], options, seed, threads = 1 }: FitRequest): Promise<Checkpoint | null> {
  if (path === undefined) return null
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ version: packageVersion(), family, images, defects, options, seed, threads }))
  // By what is in them: a picture that was replaced makes another fit.
  for (const picture of [...images, ...defects]) hash.update(createHash('sha256').update(await readFile(picture.path)).digest())
  return Checkpoint.open(path, { of: hash.digest('hex'), every })
}
