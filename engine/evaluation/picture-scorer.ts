/** A bundle that scores batches of pictures of one geometry. */
import type { ModelAnswer } from '../bundle/golden.ts'
import type { RawImage } from '../frame/image-codec.ts'
import { runBatch } from '../runtime/model-runner.ts'
import { openSession } from '../runtime/onnx-runtime.ts'

export interface PictureScorer {
  score (images: readonly RawImage[]): Promise<ModelAnswer[]>
  close (): Promise<void>
}

/** In this thread, which it blocks: for batch commands. @throws GOODPARTS_GRAPH_INVALID, GOODPARTS_DEVICE_UNAVAILABLE. */
export async function openScorer (bundle: Uint8Array, threads: number): Promise<PictureScorer> {
  const session = await openSession(bundle, { threads })
  return {
    score: async (images) => {
      const [first] = images
      if (first === undefined) return []
      const bytes = first.data.byteLength
      const data = new Uint8Array(bytes * images.length)
      images.forEach((image, i) => data.set(image.data, i * bytes))
      return runBatch(session, data, [images.length, first.height, first.width, first.channels])
    },
    close: () => session.close()
  }
}
