/** The inference thread, but for a picture that is white at its first pixel: that holds it for ever. */
import { parentPort } from 'node:worker_threads'
import type { ThreadRequest } from '../../engine/runtime/inference-protocol.ts'

parentPort?.on('message', (request: ThreadRequest) => {
  if (request.kind !== 'score') return
  const pixels = new Uint8Array(request.pictures[0]!.memory)
  while (pixels[0] === 255);
})
await import('../../engine/runtime/inference-worker.ts')
