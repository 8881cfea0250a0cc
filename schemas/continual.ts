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
  /** `accuracy` (at the end, after review), `averageAccuracy`, `forgetting`, `backwardTransfer`, `auroc`, `oldAuroc`, `newAuroc`, `classMeanAccuracy`. */
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

/** What `goodparts continual` found. */
export interface ContinualReport {
  schema: 'goodparts.continual/1'
  /** @format date-time */
  createdAt: string
  /** What was run, for a person. */
  protocol: string
  tasks: Array<{ name: string, classes: string[], train: number, test: number }>
  seeds: number
  features: { backbone: string, size: number, numbers: number }
  policies: PolicyFigure[]
  /** Trained on everything at once, on the pictures as they come and on draws that balance the classes. */
  offline: { mean: number, balancedMean: number, auroc: number | null }
  /** Trained on task after task with no memory. */
  finetune: number
  streamingLda: BoundFigures
  /** Of learning one run, mean over policies and seeds. */
  secondsPerRun: number
  command: string
  versions: { goodparts: string, node: string, onnxruntime: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}
