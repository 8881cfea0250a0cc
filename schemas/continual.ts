/** Of one policy and memory against class-balanced random selection on the same seeds. */
export interface SeedDifference {
  mean: number
  /** Both ends of the 95 % interval by Student's t; `null` from a single seed. */
  low: number | null
  high: number | null
  /** Seeds in which the policy was ahead. */
  wins: number
  seeds: number
}

/** One figure of one policy, the mean over the seeds. */
export interface PolicyFigure {
  policy: string
  /** Exemplars kept at most. */
  memory: number
  /** Share of the training labels that were made wrong. */
  noise: number
  /** `accuracy` (at the end, after review), `accuracyBeforeReview` (of a network from scratch, whose one review comes at the end: all but its `accuracy` and `memoryBytes` are from before it), `averageAccuracy`, `forgetting`, `backwardTransfer`, `forwardTransfer` (above random initial weights), `auroc`, `oldAuroc`, `newAuroc`, `classMeanAccuracy`, `memoryBytes` (of the pictures kept at the end, as files). */
  metric: string
  mean: number
  differenceToClassBalanced: SeedDifference
}

/** A learner that keeps no exemplars. */
export interface BoundFigures {
  /** End accuracy. */
  mean: number
  auroc: number | null
}

/** AUROC of good parts against the rest after a task: over everything seen so far, over earlier tasks (mean), over this one. */
export interface StepFigure {
  task: string
  auroc: number | null
  oldAuroc: number | null
  newAuroc: number | null
}

/** One classifier on the frozen features, means over the seeds. */
export interface HeadFigure {
  head: string
  accuracy: number
  /** Mean over time of the accuracy on what was seen. */
  averageAccuracy: number
  forgetting: number
  backwardTransfer: number
  /** Above random initial weights. */
  forwardTransfer: number
  auroc: number | null
  /** The same head, trained on everything at once. */
  offline: { accuracy: number, auroc: number | null }
  differenceToOwnOffline: SeedDifference
  differenceToBestOffline: SeedDifference
  /** Of learning one run. */
  seconds: number
  steps: StepFigure[]
}

export interface HeadReport {
  /** Whose memory the heads have. */
  policy: string
  memory: number
  /** What the differences are of. */
  metric: 'auroc' | 'accuracy'
  bestOffline: { head: string, accuracy: number, auroc: number | null }
  /** Linear discriminants of everything so far, after each task. */
  steps: StepFigure[]
  heads: HeadFigure[]
}

/** What `goodparts continual` found. */
export interface ContinualReport {
  schema: 'goodparts.continual/1'
  /** @format date-time */
  createdAt: string
  /** What was run, for a person. */
  protocol: string
  tasks: Array<{ name: string, classes: string[], train: number, test: number }>
  seeds: number
  /** `backbone` is `none` where a network is trained from scratch on the pixels. */
  features: { backbone: string, size: number, numbers: number }
  policies: PolicyFigure[]
  /** Trained on everything at once, on the pictures as they come and on draws that balance the classes. */
  offline: { mean: number, balancedMean: number, auroc: number | null }
  /** Trained on task after task with no memory. */
  finetune: number
  /** `null` where a network is trained from scratch. */
  streamingLda: BoundFigures | null
  /** For each memory; empty when no heads were compared. */
  heads: HeadReport[]
  /** Of learning one run, mean over policies and seeds. */
  secondsPerRun: number
  command: string
  versions: { goodparts: string, node: string, onnxruntime: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}
