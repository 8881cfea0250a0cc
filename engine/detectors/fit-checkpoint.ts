/** The checkpoint of a fit: of these very pictures, options, seed, threads and device, of the network that they name, and of this version. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { efficientNetLite0 } from '../backbones/backbone.ts'
import { packageVersion } from '../package-version.ts'
import { Checkpoint } from '../training/checkpoint.ts'
import { selfTrained } from './backbone-features/chosen-backbone.ts'
import type { FitRequest } from './fit-process.ts'

/** Train steps between two writings: a few seconds of work that may be lost. */
const every = 20

/** `null` where none was asked for. @throws GOODPARTS_ARGUMENT when the file is of another fit. */
export async function fitCheckpoint ({ checkpoint: path, family, images, defects = [], options, seed, threads = 1, device = 'cpu' }: FitRequest): Promise<Checkpoint | null> {
  if (path === undefined) return null
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ version: packageVersion(), family, images, defects, options, seed, threads, device }))
  // By what is in them: a picture that was replaced makes another fit.
  for (const picture of [...images, ...defects]) hash.update(createHash('sha256').update(await readFile(picture.path)).digest())
  hash.update(await backboneFile(options))
  return Checkpoint.open(path, { of: hash.digest('hex'), every })
}

/** What is in the network of the integrator's; empty where there is none, or none to be read, which the family says better. */
async function backboneFile ({ backbone }: FitRequest['options']): Promise<Uint8Array> {
  if (typeof backbone !== 'string' || backbone === efficientNetLite0.name || backbone === selfTrained) return new Uint8Array()
  return readFile(backbone).catch(() => new Uint8Array())
}
