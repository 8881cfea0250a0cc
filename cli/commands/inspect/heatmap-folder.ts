/** Heatmaps of everything that was inspected, as JPEG files beside each other; the record gets its regions and the picture's hash. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Inspection } from '../../../engine/decision/inspector.ts'
import { ExplanationThread } from '../../../engine/explain/explanation-thread.ts'
import type { Frame } from '../../../engine/frame/frame.ts'
import { notWritten } from '../../../engine/not-written.ts'
import type { InspectionRecord } from '../../../schemas/inspection.ts'
import { mustTakeFiles } from '../../output-file.ts'

const looks = { opacity: 0.7, quality: 90 }

export class HeatmapFolder {
  readonly #folder: string
  readonly #thread = new ExplanationThread('inspect/heatmaps', 4)

  private constructor (folder: string) {
    this.#folder = folder
  }

  /** @throws GOODPARTS_STORE_FAILED where no file can be made. */
  static async open (folder: string): Promise<HeatmapFolder> {
    await mustTakeFiles(folder)
    return new HeatmapFolder(folder)
  }

  /** Files are named by sequence, verdict and part. @throws GOODPARTS_STORE_FAILED */
  async save (frame: Frame, { record, anomalyMap }: Inspection): Promise<InspectionRecord> {
    const { score, limits, verdict, partId } = record
    if (anomalyMap === undefined || score === null || limits === null) return record
    const { jpeg, sha256, regions } = await this.#thread.explain(frame, anomalyMap, { ...looks, judged: { score, limits } })
    const part = partId === null ? '' : ` ${partId.replace(/[^\p{L}\p{N}._-]+/gu, '_')}`
    const file = join(this.#folder, `${String(frame.sequence).padStart(6, '0')} ${verdict}${part}.jpg`)
    await writeFile(file, jpeg).catch((cause: unknown) => { throw notWritten(file, cause) })
    return { ...record, regions, explanation: { sha256, mediaType: 'image/jpeg', method: 'anomaly-map' } }
  }

  async close (): Promise<void> {
    await this.#thread.close()
  }
}
