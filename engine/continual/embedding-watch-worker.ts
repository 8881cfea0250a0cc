/** The thread that reads parts where they lie, embeds them, and compares them with those before. */
import { setPriority } from 'node:os'
import { answerQuestions } from '../answering-thread.ts'
import { efficientNetLite0 } from '../backbones/backbone.ts'
import { EmbeddingDrift } from '../decision/drift/embedding-drift.ts'
import { frameMemory } from '../frame/frame-memory.ts'
import type { WatchAnswer, WatchedPart } from './embedding-watch-thread.ts'
import { embeddingSize, PictureEmbedding } from './picture-embedding.ts'

/** The lowest there is: verdicts, and all else, go first. */
const NICENESS = 19

// On Linux, and only there, a priority belongs to the thread that sets it; one intra-op thread is this one.
if (process.platform === 'linux') setPriority(NICENESS)

let embedding: Promise<PictureEmbedding> | undefined
let current: { watch: number, drift: EmbeddingDrift } | undefined

answerQuestions<WatchAnswer>('GOODPARTS_INFERENCE_FAILED', async ({ frame: { memory, width, height, channels }, watch, falseAlarmRate, seed, ...part }: WatchedPart) => {
  try {
    const features = await (await opened()).of({ data: new Uint8Array(memory, 0, width * height * channels), width, height, channels })
    if (current?.watch !== watch) current = { watch, drift: new EmbeddingDrift({ falseAlarmRate, seed }) }
    return { window: current.drift.observe({ ...part, features }) }
  } finally {
    frameMemory.saw(memory.byteLength)
  }
})

/** Where it fails the next part tries again. */
function opened (): Promise<PictureEmbedding> {
  embedding ??= PictureEmbedding.open({ backbone: efficientNetLite0, size: embeddingSize }).catch((error: unknown) => {
    embedding = undefined
    throw error
  })
  return embedding
}
