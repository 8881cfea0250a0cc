import type { JsonValue } from './bundle.ts'

/** A detector in use, on the test pictures of everything that has come so far. Shares 0 to 1; `null` where a side is missing. */
export interface DetectorFigures {
  /** AUROC of good parts against defects: over everything so far, over earlier tasks (mean), over the newest. */
  auroc: number | null
  oldAuroc: number | null
  newAuroc: number | null
  /** Share of good parts beyond the reject limit, over everything so far and of the newest task alone. */
  falseRejects: number | null
  newFalseRejects: number | null
  /** Share of defects beyond the reject limit, over everything so far. */
  caught: number | null
}

/** One task's labels through the gate. */
export interface UpdateStep {
  task: string
  /** What the update did: `recalibrate` for the first task, whose parts the detector was fitted on. */
  mode: string
  /**
   * Good parts and defects that were labelled.
   * @TJS-type integer
   */
  good: number
  /** @TJS-type integer */
  defects: number
  /** By the bundle in use when the task came, by the one in use after it, and by a fit on everything so far from nothing. */
  before: DetectorFigures
  after: DetectorFigures
  offline: DetectorFigures
  accepted: boolean
  /** What spoke against it; empty when accepted. */
  reasons: string[]
  /** @TJS-type integer */
  learned: number
  /** @TJS-type integer */
  checked: number
  /** @TJS-type integer */
  heldBack: number
  /** Of the update. */
  seconds: number
  /**
   * Of the pictures in the memory after it, as files.
   * @TJS-type integer
   */
  memoryBytes: number
  /**
   * Of the entries that the bundle in use after it compares with; `null` for a family without a bank.
   * @TJS-type integer
   */
  bankBytes: number | null
}

/** One line through all tasks. */
export interface UpdateRun {
  mode: string
  /** @TJS-type integer */
  seed: number
  steps: UpdateStep[]
}

/** What `goodparts continual --detector` found. */
export interface ContinualUpdatesReport {
  schema: 'goodparts.continual-updates/1'
  /** @format date-time */
  createdAt: string
  /** What was run, for a person. */
  protocol: string
  detector: string
  options: { [option: string]: JsonValue }
  policy: string
  /**
   * Pictures kept at most.
   * @TJS-type integer
   */
  memory: number
  /** Of AUROC and of the share of defects caught, what the gate let pass. */
  largestDrop: number
  /** As the first seed drew them: parts that the first fit learned and was calibrated on, labels, and test pictures. */
  tasks: Array<{ name: string, fitted: number, good: number, defects: number, testGood: number, testDefects: number }>
  /** @TJS-type integer */
  seeds: number
  runs: UpdateRun[]
  command: string
  versions: { goodparts: string, node: string, onnxruntime: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}
