/** The caller's side of the bundle thread, which lives for one bundle. */
import { Worker } from 'node:worker_threads'
import { GoodpartsError } from '../errors.ts'
import { siblingModule } from '../sibling-module.ts'
import { defaultMaximumBytes, type ModelBundle } from './bundle.ts'
import type { BundleReply, BundleRequest } from './bundle-worker.ts'

/** As `readBundle`, without holding up the calling thread. @throws GOODPARTS_BUNDLE_INVALID as `readBundle`, or when the thread dies. */
export async function readBundleInThread (source: string | Uint8Array, { maximumBytes = defaultMaximumBytes } = {}): Promise<ModelBundle> {
  const workerData: BundleRequest = { source, maximumBytes }
  const worker = new Worker(siblingModule(import.meta.url, './bundle-worker'), { name: 'goodparts-bundle', workerData })
  const reply = await new Promise<BundleReply>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', (cause: unknown) => {
      reject(new GoodpartsError('GOODPARTS_BUNDLE_INVALID', `Expected the bundle to be read, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }))
    })
    worker.once('exit', (code) => { reject(new GoodpartsError('GOODPARTS_BUNDLE_INVALID', `Expected the bundle to be read, got the end of its thread (${code})`)) })
  })
  if ('bundle' in reply) return reply.bundle
  const { code, message, fix } = reply.error
  throw new GoodpartsError(code, message, fix === null ? {} : { fix })
}
