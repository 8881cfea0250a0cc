/** What is known of one captured picture, without its pixels. */
export interface FrameHeader {
  /** Unique over all sources and restarts. */
  id: string
  /** Name of the capture source, for example `line-1/camera`. */
  source: string
  /**
   * Counts from 0 per source, never repeats while the process lives.
   * @minimum 0
   * @TJS-type integer
   */
  sequence: number
  /**
   * When the picture left the pipeline, ISO 8601 in UTC with milliseconds.
   * @format date-time
   */
  capturedAt: string
  /**
   * Pixels.
   * @minimum 1
   * @TJS-type integer
   */
  width: number
  /**
   * Pixels.
   * @minimum 1
   * @TJS-type integer
   */
  height: number
  /** 1 = grey, 3 = RGB; 8 bits each, rows without padding. */
  channels: 1 | 3
}
