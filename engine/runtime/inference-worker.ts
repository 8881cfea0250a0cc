/** An inference thread: `run` blocks whoever calls it, so it is called here. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkGoldenVectors } from '../bundle/golden.ts'
import { asGoodpartsError } from '../errors.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import type { ScoreAnswer, SharedPicture, ThreadError, ThreadModel, ThreadReply, ThreadRequest } from './inference-protocol.ts'
import { modelRunner, runBatch } from './model-runner.ts'
import { openSession, type GraphSession } from './onnx-runtime.ts'

const { bytes, metadata, device, threads } = workerData as ThreadModel
let batchMemory = new Uint8Array(0)

function tell (reply: ThreadReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer)
}

function asValue (error: unknown): ThreadError {
  const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_INFERENCE_FAILED')
  return { code, message, fix }
}

async function open (): Promise<GraphSession> {
  // ONNX Runtime takes models from ordinary memory only; this copy goes when the session is open.
  const session = await openSession(Uint8Array.from(new Uint8Array(bytes)), { device, threads })
  try {
    tell({ kind: 'open', goldenDifference: await checkGoldenVectors(modelRunner(session), metadata) })
  } catch (error) {
    await session.close()
    throw error
  }
  return session
}

async function score (session: GraphSession, pictures: SharedPicture[]): Promise<ScoreAnswer> {
  const first = pictures[0] as SharedPicture
  const data = pictures.length === 1 ? pixelsOf(first) : sideBySide(pictures)
  const start = performance.now()
  const answers = await runBatch(session, data, [pictures.length, first.height, first.width, first.channels])
  const inferenceMs = performance.now() - start
  return { answers: answers.map((answer) => ({ ...answer, map: answer.map.slice() })), inferenceMs }
}

function pixelsOf ({ memory, width, height, channels }: SharedPicture): Uint8Array {
  return new Uint8Array(memory, 0, width * height * channels)
}

/** A batch must be one stretch of memory. */
function sideBySide (pictures: SharedPicture[]): Uint8Array {
  const each = pixelsOf(pictures[0] as SharedPicture).byteLength
  if (batchMemory.byteLength < each * pictures.length) batchMemory = new Uint8Array(each * pictures.length)
  pictures.forEach((picture, index) => { batchMemory.set(pixelsOf(picture), index * each) })
  return batchMemory.subarray(0, each * pictures.length)
}

async function answer (session: GraphSession, request: ThreadRequest): Promise<void> {
  if (request.kind === 'close') {
    await session.close()
    parentPort?.close()
    return
  }
  try {
    const result = await score(session, request.pictures)
    tell({ kind: 'scored', id: request.id, result }, result.answers.map(({ map }) => map.buffer as ArrayBuffer))
  } catch (error) {
    tell({ kind: 'not-scored', id: request.id, error: asValue(error) })
  }
  for (const { memory } of request.pictures) frameMemory.saw(memory.byteLength)
}

try {
  const session = await open()
  let last = Promise.resolve()
  parentPort?.on('message', (request: ThreadRequest) => { last = last.then(async () => answer(session, request)) })
} catch (error) {
  tell({ kind: 'failed', error: asValue(error) })
}
