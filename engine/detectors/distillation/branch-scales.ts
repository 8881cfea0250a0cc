/** How far the branches differ on good parts that neither was trained on. */
import type { GraphSession } from '../../runtime/onnx-runtime.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { imageTensor } from '../picture-features.ts'
import type { BranchScale } from './scoring-graph.ts'

export interface BranchValues {
  student: Float32Array[]
  autoencoder: Float32Array[]
}

/** The maps of both branches on each picture; the session is closed at the end. */
export async function eachPictureMaps (session: GraphSession, images: readonly GoodImage[], work: FitWork): Promise<BranchValues> {
  const values: BranchValues = { student: [], autoencoder: [] }
  try {
    for (const [index, image] of images.entries()) {
      await work.step('scales', index, images.length)
      const { student, autoencoder } = await session.run({ image: imageTensor(await work.pool.read(image)) })
      values.student.push(student?.data as Float32Array)
      values.autoencoder.push(autoencoder?.data as Float32Array)
    }
    return values
  } finally {
    await session.close()
  }
}

/** The shares of positions on good parts that lie below the branch's 0 and below its 0.1 (EfficientAD, § 3.4). */
const shares = { low: 0.9, high: 0.995 }

export function quantiles (maps: readonly Float32Array[]): BranchScale {
  const values = Float32Array.from(maps.flatMap((map) => [...map])).sort()
  const at = (share: number): number => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0
  return { low: at(shares.low), high: at(shares.high) }
}
