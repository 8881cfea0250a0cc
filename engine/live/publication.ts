/** What a line tells the live server. */
import type { InspectionRecord, Region } from '../../schemas/inspection.ts'
import type { WeakPromise } from '../../schemas/live.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'

/** Of a part that other methods were asked to explain. */
export type ExplainingState = 'explaining' | 'queue-full'

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
}

/** A publication with a picture, numbered within its line. */
export interface LinePicture extends LivePublication {
  frame: Frame
  packet: number
}

/** What other methods say of a part that was published before, or soon will be. */
export interface PartExplanations {
  line: string
  eventId: string
  methods: Array<{ method: string, map: AnomalyMap, regions: Region[], insertion: number | null, deletion: number | null, skipped: string | null, milliseconds: number }>
  /** Methods that gave no map, and why. */
  without: Array<{ method: string, reason: string }>
  evidence: { name: string, jpeg: Buffer } | null
}
