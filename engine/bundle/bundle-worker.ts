/** The bundle thread: hashes and schema checks of a whole file, away from the main thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { asGoodpartsError, type ErrorCode } from '../errors.ts'
import { readBundle, type ModelBundle } from './bundle.ts'

export interface BundleRequest {
  source: string | Uint8Array
  maximumBytes: number
}

/** Errors cross as values: a clone would lose their code. */
export type BundleReply = { bundle: ModelBundle } | { error: { code: ErrorCode, message: string, fix: string | null } }

const { source, maximumBytes } = workerData as BundleRequest

try {
  const { bytes, metadata } = await readBundle(source, { maximumBytes })
  // Small files may lie in memory that others of this thread use, which cannot be handed over.
  const own = new Uint8Array(bytes)
  parentPort?.postMessage({ bundle: { bytes: own, metadata } } satisfies BundleReply, [own.buffer])
} catch (cause) {
  const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_BUNDLE_INVALID')
  parentPort?.postMessage({ error: { code, message, fix } } satisfies BundleReply)
}
