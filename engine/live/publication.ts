/** What a line tells the live server. */
import type { InspectionRecord, Region } from '../../schemas/inspection.ts'
import type { ExplanationObstacle, WeakPromise } from '../../schemas/live.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'

/** Of a part that other methods were asked to explain. */
export type ExplainingState = 'explaining' | 'queue-full'

/** Explains parts of a line when somebody asks; its verdicts bring it along. */
export interface LineExplainer {
  /** Methods that may be asked for, the cheapest first. */
  readonly methods: readonly string[]
  /** Those that the line itself uses; one at least. */
  readonly usual: readonly string[]
  /** Why it cannot explain this part now; `set-up-anew` once it is closed, which it stays. */
  obstacle (record: InspectionRecord): ExplanationObstacle | null
  /** Whether an answer to what the line itself has asked of this part is still to come. */
  isExplaining (eventId: string): boolean
  /**
   * Ahead of everything that waits; `picture` is the PNG of the pixels that were judged.
   * @throws GOODPARTS_EXPLANATION_FAILED, GOODPARTS_QUEUE_FULL, GOODPARTS_IMAGE_DECODE
   */
  explain (part: { record: InspectionRecord, picture: Uint8Array }, methods: readonly string[]): Promise<FoundExplanations>
}

/** A frame, a verdict, or both; the map belongs to the frame. */
export interface LivePublication {
  line: string
  frame?: Frame
  record?: InspectionRecord
  map?: AnomalyMap
  /** Whether other methods will explain the part, or could not take it. */
  explaining?: ExplainingState
  /** Of the limits that judged; absent where it is not known. */
  weakPromise?: WeakPromise | null
  /** Absent where nobody explains parts by other methods. */
  explainer?: LineExplainer
}

/** A publication with a picture, numbered within its line. */
export interface LinePicture extends LivePublication {
  frame: Frame
  packet: number
}

/** What other methods say of a part. */
export interface FoundExplanations {
  methods: Array<{ method: string, map: AnomalyMap, regions: Region[], insertion: number | null, deletion: number | null, skipped: string | null, milliseconds: number }>
  /** Methods that gave no map, and why; `code` is that of an error. */
  without: Array<{ method: string, reason: string, code?: string }>
  evidence: { name: string, jpeg: Buffer } | null
}

/** Of a part that was published before, or soon will be. */
export interface PartExplanations extends FoundExplanations {
  line: string
  eventId: string
}
