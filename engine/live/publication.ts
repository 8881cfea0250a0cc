/** What a line tells the live server. */
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'
import type { Frame } from '../frame/frame.ts'

/** A frame, a verdict, or both; the map belongs to the frame. */
export interface LivePublication {
  line: string
  frame?: Frame
  record?: InspectionRecord
  map?: AnomalyMap
}

/** A publication with a picture, numbered within its line. */
export interface LinePicture extends LivePublication {
  frame: Frame
  packet: number
}
