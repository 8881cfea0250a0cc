/** An inference thread: `run` blocks whoever calls it, so it is called here. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { checkGoldenVectors, type ModelAnswer } from '../bundle/golden.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import { quantiseMap } from '../frame/quantised-map.ts'
import type { PictureAnswer, ScoreAnswer, SharedPicture, ThreadError, ThreadModel, ThreadReply, ThreadRequest } from './inference-protocol.ts'
import { modelRunner, runBatch } from './model-runner.ts'
import { openSession, type GraphSession } from './onnx-runtime.ts'
import { paintSample } from './sample-picture.ts'

/** Below the main thread, which must stay free, and not so far below that other programs take the processor. */
const NICENESS = 5

// On Linux, and only there, a priority belongs to the thread that sets it, and to those that it starts.
if (process.platform === 'linux') setPriority(NICENESS)

let batchMemory = new Uint8Array(0)

function tell (reply: ThreadReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer)
}

function asValue (error: unknown): ThreadError {
  const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_INFERENCE_FAILED')
  return { code, message, fix }
}

async function open ({ bytes, metadata, device, threads }: ThreadModel, sample: SharedPicture | undefined): Promise<GraphSession> {
  const session = await openSession(bytes, { device, threads })
  try {
    const goldenDifference = await checkGoldenVectors(modelRunner(session), metadata)
    if (sample !== undefined) paintSample(sample)
    tell({ kind: 'open', goldenDifference })
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
  return { answers: answers.map(apart), inferenceMs }
}

/** In memory of its own, which crosses without a copy. */
function apart ({ score, map, height, width }: ModelAnswer): PictureAnswer {
  return { score, map: map.slice(), height, width, quantised: quantiseMap({ values: map, height, width }) }
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

let session: GraphSession | undefined

async function answer (request: ThreadRequest): Promise<void> {
  if (request.kind === 'open') {
    try {
      session = await open(request.model, request.sample)
    } catch (error) {
      tell({ kind: 'failed', error: asValue(error) })
    }
  } else if (request.kind === 'close') {
    await session?.close()
    parentPort?.close()
  } else {
    try {
      if (session === undefined) throw new GoodpartsError('GOODPARTS_INFERENCE_FAILED', 'Expected an open session, got none')
      const result = await score(session, request.pictures)
      tell({ kind: 'scored', id: request.id, result }, result.answers.flatMap(({ map, quantised }) => [map.buffer, quantised.cells.buffer] as ArrayBuffer[]))
    } catch (error) {
      tell({ kind: 'not-scored', id: request.id, error: asValue(error) })
    }
    for (const { memory } of request.pictures) frameMemory.saw(memory.byteLength)
  }
}

let last = Promise.resolve()
parentPort?.on('message', (request: ThreadRequest) => { last = last.then(async () => answer(request)) })
