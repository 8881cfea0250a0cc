import type { AugmentationChoice, JsonValue, LossPoint, ScaleTrial } from './bundle.ts'

/** Both ends included. */
export interface ShareInterval {
  low: number
  high: number
}

/** A share of the test images, with its exact 95 % interval (Clopper and Pearson). */
export interface EvaluatedRate {
  /** `null` where there is no image to count. */
  rate: number | null
  count: number
  of: number
  interval: ShareInterval
}

/** What a limit does to the test images: above it, a part is not passed. */
export interface LimitRates {
  threshold: number
  /** Good images above the limit. */
  falseReject: EvaluatedRate
  /** Defective images not above the limit. */
  escape: EvaluatedRate
}

/** Of one test image. */
export interface EvaluatedImage {
  /** Relative to the data set. */
  path: string
  label: string
  score: number
  verdict: 'good' | 'review' | 'reject'
}

/** A mean over pictures with its 95 % interval: by the bootstrap over parts, of shares of hits (pointing, increase) the exact one where each part has one picture, or all are alike. */
export interface Estimate {
  value: number
  /** `null`, as `high`, by the bootstrap of fewer than three parts. */
  low: number | null
  high: number | null
}

/** What one method says of one picture. */
export interface ExplainedPicture {
  /** Relative to the data set. */
  path: string
  /** The physical part; `null` stands for itself. */
  group: string | null
  /** `nothing`: it found nothing that speaks for the target, or numbers that are none. `time-up`: the budget ended before anything was found. Both count as black maps. */
  map: 'found' | 'nothing' | 'time-up'
  ebpg: number
  maskL1: number
}

/** How one method explains the defects of the data set; docs/explanation.md defines each figure. `null` = not computable. */
export interface ExplanationMethodFindings {
  method: string
  /** Pictures. */
  n: number
  /** Pictures in which the method found nothing that speaks for the target; counted as black maps, but for insertion, deletion, drop and increase. */
  withoutMap: number
  /** Pictures whose time was up before anything was found; counted likewise, but not in `withoutMap`. */
  timeUp?: number
  /** Pictures that insertion, deletion, drop and increase are of: those with a map and with something to explain, which a score hardly above that of good parts is not. */
  judged?: number
  ebpg: Estimate | null
  /** EBPG over the defects' share of the area; 1 = chance. */
  ebpgLift: Estimate | null
  maskL1: Estimate | null
  pointingGame: Estimate | null
  bbox: Estimate | null
  iouOtsu: Estimate | null
  iouTop20: Estimate | null
  insertion: Estimate | null
  deletion: Estimate | null
  /** Percent. */
  drop: Estimate | null
  /** Percent. */
  increase: Estimate | null
  /**
   * Rank correlation of the map with that of the same network with random weights (Adebayo et al. 2018): near 1, the map shows the picture and not what the model
   * has learned. Of the pictures in which both have a map. Only where it was asked for.
   */
  sanity?: Estimate
  /** Pictures with a map in which the random network gives none, so that there is nothing to compare. Only where it was asked for. */
  randomWithoutMap?: number
  milliseconds: { median: number, p95: number }
  /** Forward passes of a picture, on average. */
  forwards: number
  /** Pictures whose explanation the budget ended. */
  endedByBudget: number
  /** Each picture, so that methods can be compared part by part. */
  pictures?: ExplainedPicture[]
}

export interface ExplanationFindings {
  methods: ExplanationMethodFindings[]
  /** What maps without any content get; all figures above must be read against these. */
  baselines: { zeroMaskL1: Estimate | null, uniformMaskL1: Estimate | null, areaShare: Estimate | null }
  /** Methods that this model or target cannot have, and why. */
  unavailable: Array<{ method: string, reason: string }>
  target: 'score' | 'class'
  /** What stands where masks hide the picture. */
  hidden: string
  /** Milliseconds for each explanation; `null` = as long as it takes. */
  budget: number | null
  seed: number
  /** The error that ended it early: the figures are of the pictures before, each method on the same ones. */
  failure?: string
}

/** A detector learned from some of the good pictures. */
export interface LearningCurvePoint {
  /** That it learned from. */
  images: number
  imageAuroc: number | null
  aupro30: number | null
}

/** What `goodparts evaluate` found: one bundle against one data set. `null` = not computable from that data set. */
export interface EvaluationReport {
  schema: 'goodparts.evaluation/1'
  /** @format date-time */
  createdAt: string
  dataset: {
    name: string
    train: number
    calibration: number
    testGood: number
    /** Test images of each type of defect. */
    testDefects: { [type: string]: number }
  }
  /** Good images that the bundle learned from, and others that its limits come from: of those that the data set gives, some are held out. */
  training?: { images: number, calibrationImages: number }
  detector: string
  bundle: { id: string, name: string }
  /** Layers of the bundle: `fine`, `standard`, …; `null` for a detector without. */
  scale: string | null
  /** Input edge in pixels. */
  size: number | null
  seed: number
  options: { [name: string]: JsonValue }
  trials: ScaleTrial[]
  /** Of a detector that is trained, where its augmentations were chosen. */
  augmentation?: AugmentationChoice
  /** Of a detector that is trained. */
  lossCurve?: LossPoint[]

  imageAuroc: number | null
  /** 95 %, bootstrap over parts. */
  imageAurocInterval: ShareInterval | null
  /** All good test images against the defects of one type. */
  imageAurocByType: { [type: string]: number | null }
  averagePrecision: number | null
  /** The best that any limit gives on this very test set. */
  bestF1: { f1: number, threshold: number, precision: number, recall: number } | null
  /** Recall at the limit, chosen on this very test set, that rejects at most that share of the good images. */
  recallAtFalseRejects: Array<{ share: number, recall: number | null }>

  pixelAuroc: number | null
  /** Area under per-region overlap up to 30 % false positives, over 0.3. */
  aupro30: number | null
  pixelAveragePrecision: number | null
  /** What the pixel metrics were made from. */
  pixelGroundTruth: {
    goodImages: number
    maskedImages: number
    boxedImages: number
    /** Defective images without ground truth, or with an empty one. */
    leftOut: number
    regions: number
  }

  /** The shipped reject limit; the two rates below are at it. */
  threshold: number
  falseRejectRate: number | null
  escapeRate: number | null
  atRejectLimit: LimitRates
  atReviewLimit: LimitRates
  /** What the limits promise, in words. */
  limitsStatement: string

  /** Of the bundle, as it was fitted. */
  fitSeconds: number
  /** Scoring alone: pictures decoded before, one after another in batches. */
  imagesPerSecond: number

  /** The best AUROC of a statistic that looks at no content, or of its mirror. */
  baselineAuroc: number | null
  baseline: { statistic: string, auroc: { [statistic: string]: number } } | null
  /** The better of the two below. */
  templateDifferenceAuroc: number | null
  /** Largest local difference from the pixelwise median of the good pictures, and from the nearest of them; nothing aligned. */
  templateDifference: { median: number, nearest: number } | null

  images: EvaluatedImage[]
  /** How the figures grow with the good pictures learned from; where it was asked for. */
  learningCurve?: LearningCurvePoint[]
  /** With `--explain`. */
  explain?: ExplanationFindings
  /** The command was interrupted, or explaining (`explain.failure`) or the learning curve failed: the figures are of the test pictures in `images`, and what was asked for beyond may be absent. */
  partial?: true
  /** What was done of what was to be done; with `partial`. */
  done?: { scored: number, toScore: number, explained?: number, toExplain?: number }
  command: string | null
  versions: { [name: string]: string }
  machine: { processor: string, cores: number, memoryGiB: number, platform: string }
}
