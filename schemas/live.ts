/**
 * What the live server and a browser say to each other over the websocket `/ws`.
 *
 * Text messages are `LiveMessage` as JSON. Binary messages carry one picture each:
 *
 * | bytes | content |
 * |---|---|
 * | 0–3 | the ASCII letters `GPF1` |
 * | 4–7 | length of the header in bytes, unsigned, little endian |
 * | then | the header: `LiveFrame` as JSON in UTF-8 |
 * | then | the JPEG, `header.jpegBytes` long |
 * | then | the map `(h, w)` uint8, row-major, where `header.map` is not null; a cell is `minimum + (maximum - minimum) * byte / 255` |
 *
 * A browser answers each picture with `shown`; the server sends no third one while two are unanswered, so the rate follows the browser.
 */
import type { CaptureEvent } from './capture-event.ts'
import type { FrameHeader } from './frame.ts'
import type { InspectionRecord, Region, Verdict } from './inspection.ts'
import type { LearningState, LiveRole, PartWord, Withdrawal } from './learning.ts'

export type { LiveRole } from './learning.ts'

/** How far a fit is; `total` 0 = not known. */
export interface FitProgress {
  kind: 'fit-progress'
  stage: string
  done: number
  total: number
  text: string
  /**
   * Of the whole fit, an estimate that never falls; absent while parts are collected.
   * @minimum 0
   * @maximum 1
   */
  share?: number
}

/** A fit that ended without a bundle; `code` and `fix` are those of its error. */
export interface FitEnd {
  kind: 'fit-ended'
  outcome: 'cancelled' | 'failed'
  text: string
  code: string | null
  fix: string | null
}

export interface LineNotice {
  /** @minLength 1 */
  line: string
  /** @format date-time */
  at: string
  notice: CaptureEvent | FitProgress | FitEnd
}

export interface VerdictCounts {
  good: number
  review: number
  reject: number
  notInspected: number
}

/** One point of the score chart. */
export interface ScorePoint {
  /** @format date-time */
  at: string
  score: number | null
  verdict: Verdict
}

/** A part that is kept with its picture; the packet at `/api/packets/<sha256>` has the layout of a binary message. */
export interface KeptEntry {
  /** @minLength 1 */
  line: string
  record: InspectionRecord
  /**
   * Content hash of the packet.
   * @pattern ^[0-9a-f]{64}$
   */
  sha256: string
}

/** What the number of held-out good parts can promise, where that is less than what was asked. */
export interface WeakPromise {
  /** Share of good parts that may go to review, 0 to 1. */
  asked: number
  /** Share that is promised on average, 0 to 1. */
  promised: number
  /** Share that is not exceeded with 95 % confidence, 0 to 1. */
  atMost: number
  /**
   * Held-out good parts that there are.
   * @TJS-type integer
   */
  heldOut: number
  /**
   * As many as would promise it.
   * @TJS-type integer
   */
  needed: number
}

/** Everything that a page needs to draw a line that it has not seen before. */
export interface LineState {
  /** @minLength 1 */
  line: string
  counts: VerdictCounts
  limits: { review: number, reject: number } | null
  /** Of the review limit; `null` where it promises what was asked, or nothing is known of it. */
  weakPromise: WeakPromise | null
  /** What the camera said last. */
  notice: LineNotice | null
  /** A fit on its way, or one that failed and was not begun again. */
  fit: LineNotice | null
  /** Oldest first, bounded. */
  points: ScorePoint[]
  /** Rejects, reviews, and what somebody looked at closely; newest first, bounded. */
  kept: KeptEntry[]
  /** What people have said, by event id; bounded, the newest. */
  words: { [eventId: string]: PartWord }
  /** `null` where the line has no replay buffer. */
  learning: LearningState | null
}

export interface LineStatistics {
  /** @minLength 1 */
  line: string
  counts: VerdictCounts
  /** Frames that the line delivers. */
  framesPerSecond: number
  /** Frames that this browser has shown. */
  shownPerSecond: number
  /** From capture to verdict, over the last few hundred parts; `null` before the first. */
  latencyMs: { median: number, p95: number, p99: number } | null
}

/** First message after the socket opens. */
export interface LiveHello {
  schema: 'goodparts.live/1'
  kind: 'hello'
  /** Another `id` than before means that the server started anew. */
  server: { id: string, version: string }
  role: LiveRole
  /** Most frames per second and line that the server sends. */
  framesPerSecond: number
  lines: LineState[]
}

/** A line appeared. */
export interface LiveLine {
  schema: 'goodparts.live/1'
  kind: 'line'
  state: LineState
}

export interface LiveLineRemoved {
  schema: 'goodparts.live/1'
  kind: 'line-removed'
  line: string
}

/** One part, one record. Sent for every part unless `LiveStatistics.verdictsLost` says otherwise. */
export interface LiveVerdict {
  schema: 'goodparts.live/1'
  kind: 'verdict'
  /**
   * The line as the page names it; `record.line` is what the record says.
   * @minLength 1
   */
  line: string
  record: InspectionRecord
}

export interface LiveKept {
  schema: 'goodparts.live/1'
  kind: 'kept'
  entry: KeptEntry
}

/** Somebody has said what a part is, or has taken it back (`null`). */
export interface LiveWord {
  schema: 'goodparts.live/1'
  kind: 'word'
  /** @minLength 1 */
  line: string
  /** @minLength 1 */
  eventId: string
  word: PartWord | null
}

/** The replay buffer of a line has changed. */
export interface LiveLearning {
  schema: 'goodparts.live/1'
  kind: 'learning'
  /** @minLength 1 */
  line: string
  learning: LearningState | null
}

export interface LiveNotice {
  schema: 'goodparts.live/1'
  kind: 'notice'
  notice: LineNotice
}

/** Explanations of a part came in; `/api/lines/<line>/explanations/<eventId>` gives them as `LiveExplanations`. */
export interface LiveExplained {
  schema: 'goodparts.live/1'
  kind: 'explained'
  /** @minLength 1 */
  line: string
  /** @minLength 1 */
  eventId: string
}

/** Once a second. */
export interface LiveStatistics {
  schema: 'goodparts.live/1'
  kind: 'statistics'
  /** @format date-time */
  at: string
  viewers: number
  lines: LineStatistics[]
  /** Frames to this browser: `in = out + dropped + inFlight`. */
  delivery: { in: number, out: number, dropped: { [reason: string]: number }, inFlight: number }
  /** Records that this browser was too slow to take. */
  verdictsLost: number
}

/** Header of a binary message. */
export interface LiveFrame {
  schema: 'goodparts.live/1'
  kind: 'frame'
  /** @minLength 1 */
  line: string
  /**
   * Counts the pictures of the line; named in `shown`.
   * @minimum 0
   * @TJS-type integer
   */
  packet: number
  frame: FrameHeader
  record: InspectionRecord | null
  /**
   * @minimum 1
   * @TJS-type integer
   */
  jpegBytes: number
  map: QuantisedMapHeader | null
}

export interface QuantisedMapHeader {
  /**
   * Cells.
   * @minimum 1
   * @TJS-type integer
   */
  height: number
  /**
   * Cells.
   * @minimum 1
   * @TJS-type integer
   */
  width: number
  minimum: number
  maximum: number
}

/** From the browser: the lines whose pictures it wants, and at most how many of each per second. */
export interface LiveWatch {
  schema: 'goodparts.live/1'
  kind: 'watch'
  lines: string[]
  /**
   * @minimum 0
   * @maximum 1000
   */
  framesPerSecond: number
}

/** From the browser: the picture is on the screen. */
export interface LiveShown {
  schema: 'goodparts.live/1'
  kind: 'shown'
  line: string
  packet: number
}

/** Body of `PUT /api/lines/<line>/parts/<eventId>/word`: what the part is. */
export interface LiveSay {
  schema: 'goodparts.live/1'
  kind: 'say'
  /**
   * `good`, or the type of the defect.
   * @minLength 1
   * @maxLength 60
   * @pattern ^[^/\x00-\x1f]+$
   */
  label: string
}

/** The answer to a word that was taken back. */
export interface LiveWithdrawn {
  schema: 'goodparts.live/1'
  kind: 'withdrawn'
  learned: Withdrawal
}

/** Body of `PUT /api/lines/<line>/learning/pictures/<sha256>/label`: what a picture of the replay buffer shows, from the next update on. */
export interface LiveRelabel {
  schema: 'goodparts.live/1'
  kind: 'relabel'
  /**
   * @minLength 1
   * @maxLength 60
   * @pattern ^[^/\x00-\x1f]+$
   */
  product: string
  /**
   * `good`, or the type of the defect.
   * @minLength 1
   * @maxLength 60
   * @pattern ^[^/\x00-\x1f]+$
   */
  label: string
}

/** Body of `POST /api/lines/<line>/explanations/<eventId>`: explain the part now, ahead of all that wait. */
export interface LiveExplain {
  schema: 'goodparts.live/1'
  kind: 'explain'
  /**
   * Of those offered; none = those that the line itself uses.
   * @maxItems 20
   */
  methods: string[]
}

/** Body of `POST /api/lines/<line>/learning/update`. */
export interface LiveUpdate {
  schema: 'goodparts.live/1'
  kind: 'update'
  /** `null` = as the replay buffer's form says. */
  mode: 'recalibrate' | null
}

export type LiveServerMessage = LiveHello | LiveLine | LiveLineRemoved | LiveVerdict | LiveKept | LiveWord | LiveLearning | LiveExplained | LiveNotice | LiveStatistics | LiveFrame
export type LiveRequest = LiveWatch | LiveShown
export type LiveMessage = LiveServerMessage | LiveRequest | LiveSay | LiveWithdrawn | LiveExplain | LiveRelabel | LiveUpdate

/** One method's answer to where a part is bad. */
export interface LiveExplanation {
  method: string
  /** In [0, 1] before it was quantised; `cells` are base64 of `(h, w)` uint8, row-major. */
  map: QuantisedMapHeader & { cells: string }
  regions: Region[]
  /** On this very part, relative to its score; `null` where it was not judged. */
  insertion: number | null
  deletion: number | null
  /** What the time limit left out. */
  skipped: string | null
  milliseconds: number
}

/**
 * What became of the explanations by other methods: `none` were asked for, as far as is known, their answer never came (`missing`), no method gave
 * a map (`without-map`), or they were there and newer ones took their place (`made-room`).
 */
export type ExplanationState = 'none' | 'explaining' | 'queue-full' | 'missing' | 'explained' | 'without-map' | 'made-room'

/**
 * Why nobody explains a part by other methods: no heatmap node with a model has sent a verdict of the line yet, or none since a deploy closed the
 * one that did (`set-up-anew`), its model is not loaded or has another bundle than the one that judged the part, or the part is no longer kept.
 */
export type ExplanationObstacle = 'no-explainer' | 'set-up-anew' | 'no-model' | 'another-model' | 'gone'

/** What may be asked for now. */
export interface ExplanationOffer {
  /** Those that the line itself uses. */
  usual: string[]
  /** All; empty where there is an obstacle. */
  methods: string[]
  obstacle: ExplanationObstacle | null
}

/** The explanations of one part that are kept. */
export interface LiveExplanations {
  state: ExplanationState
  methods: LiveExplanation[]
  /** Methods that gave no map, and why; `code` is that of an error. */
  without: Array<{ method: string, reason: string, code?: string }>
  /** Methods that somebody has asked for and that are on their way. */
  asked: string[]
  offer: ExplanationOffer
  /** The good part that is most like it; the picture is base64. */
  evidence: { name: string, jpeg: string } | null
}
