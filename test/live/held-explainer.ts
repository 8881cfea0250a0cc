/** What a heatmap node brings along with its verdicts, answering when a test says so. */
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import type { FoundExplanations, LineExplainer } from '../../engine/live/publication.ts'
import type { ExplanationObstacle } from '../../schemas/live.ts'

export class HeldExplainer implements LineExplainer {
  readonly methods = ['grad-cam', 'layer-cam', 'sise']
  readonly usual = ['layer-cam']
  readonly asked: Array<{ eventId: string, picture: Uint8Array, methods: readonly string[], resolve: (found: FoundExplanations) => void, reject: (error: Error) => void }> = []
  /** What the line has asked for itself, by event. */
  readonly underway = new Set<string>()
  obstacleNow: ExplanationObstacle | null = null

  obstacle (): ExplanationObstacle | null {
    return this.obstacleNow
  }

  isExplaining (eventId: string): boolean {
    return this.underway.has(eventId)
  }

  async explain ({ record, picture }: Parameters<LineExplainer['explain']>[0], methods: readonly string[]): Promise<FoundExplanations> {
    return new Promise((resolve, reject) => { this.asked.push({ eventId: record.eventId, picture, methods, resolve, reject }) })
  }
}

/** A map that is high in its second of four cells. */
export const found = (method: string): FoundExplanations => ({ methods: [{ method, map: new AnomalyMap(Float32Array.of(0, 1, 0, 0), 2, 2), regions: [], insertion: null, deletion: null, skipped: null, milliseconds: 7 }], without: [], evidence: null })
