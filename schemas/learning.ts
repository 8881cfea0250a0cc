/** What people say of parts, and what a line has learned of it. */

/** Who says something at the live page; each may do what those before it may. */
export type LiveRole = 'viewer' | 'operator' | 'engineer'

/** What a person says of a part. */
export interface PartWord {
  /**
   * `good`, or the type of the defect.
   * @minLength 1
   * @maxLength 60
   * @pattern ^[^/\x00-\x1f]+$
   */
  label: string
  /** @minLength 1 */
  product: string
  /** The physical part, where it is known. */
  partId: string | null
  by: LiveRole
  /** @format date-time */
  at: string
  /** Id of the replay buffer that keeps it for the next update; `null` where the line has none. */
  keptBy: string | null
  /**
   * Content hash of the lossless picture that teaches it.
   * @pattern ^[0-9a-f]{64}$
   */
  picture: string
  /** Ids of all that was said of the part, the latest last: the same word may be delivered again. */
  words?: string[]
}

/**
 * What became of a word that a person took back. `not-learned`: nothing has learned it, and nothing will. `at-next-update`: its picture is forgotten
 * then. `in-model`: the model has learned it and keeps it until the update is taken back; then it is not learned again.
 */
export type Withdrawal = 'not-learned' | 'at-next-update' | 'in-model'

/** A product at the gate: on held-out good parts and known defects, before and after. Shares 0 to 1. */
export interface ProductReport {
  product: string
  /** The model knew it before. */
  known: boolean
  /** @TJS-type integer */
  good: number
  /** @TJS-type integer */
  defects: number
  /** Share of good parts beyond the reject limit. */
  falseRejects: { before: number, after: number }
  /** Share of defects beyond the reject limit; `null` without any. */
  caught: { before: number, after: number } | null
  auroc: { before: number, after: number } | null
  /**
   * Remembered defects that were caught once, and pass since an earlier update.
   * @TJS-type integer
   */
  lostEarlier?: number
  /** Reject limits of the product, where it has its own. */
  limits?: { before: number, after: number }
}

/** A sentence of an update: `text` in English, and what a page needs to say it in another language. Shares 0 to 1. */
export interface CodedText {
  code: string
  values: { [name: string]: string | number }
  text: string
}

/** How the last update ended. */
export interface UpdateReport {
  accepted: boolean
  /** What spoke against it; empty when accepted. */
  reasons: string[]
  /** Those of the reasons that have a code. */
  objections?: CodedText[]
  /** What could not be checked, whatever the answer. */
  notices?: CodedText[]
  products: ProductReport[]
  /** Reject limits of products that have none of their own. */
  limits?: { before: number, after: number }
  /** The bundle in use then, and the one before it. */
  bundle: string
  parent: string | null
  /** @TJS-type integer */
  learned: number
  /** @TJS-type integer */
  heldBack: number
  seconds: number
  /**
   * Absent in reports of before.
   * @format date-time
   */
  endedAt?: string
}

/** What has changed on a line: its scores, the look of its parts, or a measure of the picture itself. */
export type DriftSignal = 'scores' | 'embedding' | 'brightness' | 'contrast' | 'focus' | 'colour' | 'shift'

/**
 * What to do, by all signals that stand. `check-camera`: the picture changed, whatever the part. `label-lot`: scores alone; calibrate anew if the
 * parts are good. `update`: parts look different and are judged as before. `update-or-fit`: parts look and score differently.
 */
export type DriftAdvice = 'check-camera' | 'label-lot' | 'update' | 'update-or-fit'

/** A drift that stands. */
export interface LineDrift {
  /**
   * In the order in which they alarmed.
   * @minItems 1
   */
  signals: DriftSignal[]
  advice: DriftAdvice
}

/** The replay buffer of a line, as the page sees it. */
export interface LearningState {
  /** @minLength 1 */
  id: string
  /** Of the parts that say none. */
  product: string
  /** Types of defect that were named before. */
  defects: string[]
  /**
   * Labelled pictures that wait for an update.
   * @TJS-type integer
   */
  waiting: number
  updating: { stage: string, done: number, total: number } | null
  inDrift: boolean
  /** `null` without any. */
  drift?: LineDrift | null
  /** A bundle is kept that `rollback` puts back. */
  canRollBack: boolean
  last: UpdateReport | null
  /** Of an update after `last`, until another begins; `null` where none failed. */
  failed?: { code: string, message: string, fix: string | null } | null
  /**
   * When an update after `last` was taken back; `null` where none was.
   * @format date-time
   */
  takenBackAt?: string | null
}

/** A picture that the replay buffer keeps, or that waits for an update. */
export interface SheetPicture {
  /** @pattern ^[0-9a-f]{64}$ */
  sha256: string
  /** `product/label`. */
  label: string
  place: 'memory' | 'inbox'
  /** Why it is kept, why it should be looked at again, or who labelled it: `by a person`, `by the line`. */
  text: string
  /** Of the text, where it has one. */
  code?: string
  /** Of the text. */
  values?: { [name: string]: string | number }
  /** Soft nearest neighbour loss against the memory; `null` where there is none to compare with. */
  snnl: number | null
}

/** Contact sheet of a replay buffer: `/api/lines/<line>/learning/exemplars`. */
export interface LearningSheet {
  schema: 'goodparts.learning/1'
  state: LearningState
  /** Most suspicious first. */
  relabel: SheetPicture[]
  memory: SheetPicture[]
  /** Newest first. */
  waiting: SheetPicture[]
}
