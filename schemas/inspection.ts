import type { FrameHeader } from './frame.ts'

/** `not-inspected` is the fail-safe: late, dropped or failed, never a late `good`. */
export type Verdict = 'good' | 'review' | 'reject' | 'not-inspected'

export type VerdictReason =
  | 'within-limits'
  | 'above-review-limit'
  | 'above-reject-limit'
  | 'deadline-passed'
  | 'queue-full'
  | 'superseded'
  | 'model-unavailable'
  | 'line-stopped'
  | 'scoring-failed'

/** A part of the picture that the map singles out. */
export interface Region {
  /** `[x, y, width, height]` in pixels of the frame. */
  box: [number, number, number, number]
  /**
   * Pixels of the region over pixels of the frame.
   * @minimum 0
   * @maximum 1
   */
  areaShare: number
  /** Highest value of the map inside. */
  peak: number
  /** Name of the zone that holds the peak, where zones are configured. */
  zone: string | null
}

/** One part, one judgement: the record that goes to Kafka and to the live page; into history where a picture is kept: of rejects, reviews and parts held. */
export interface InspectionRecord {
  schema: 'goodparts.inspection/1'
  /**
   * Stable over re-deliveries: consumers may drop a second one.
   * @minLength 1
   */
  eventId: string
  /** @minLength 1 */
  line: string
  recipe: { id: string, version: string } | null
  product: string | null
  partId: string | null
  frame: FrameHeader
  times: {
    /** @format date-time */
    captured: string
    /** @format date-time */
    scored: string
    /**
     * When it was first handed to Kafka; `null` before that.
     * @format date-time
     */
    published: string | null
  }
  bundle: { id: string, family: string } | null
  /** Higher is less like the good parts; `null` when not inspected. */
  score: number | null
  /**
   * Conformal p-value against held-out good parts.
   * @minimum 0
   * @maximum 1
   */
  pValue: number | null
  limits: { review: number, reject: number } | null
  verdict: Verdict
  reason: { code: VerdictReason, text: string }
  regions: Region[]
  /** The explanation picture, where one was made. */
  explanation: {
    /**
     * Content hash.
     * @pattern ^[0-9a-f]{64}$
     */
    sha256: string
    mediaType: string
    method: string
  } | null
  traceId: string
}
