/** One detector, fitted with one seed and measured on the test pictures. `null` = not computable from that data set. */
export interface ComparedFit {
  /** Family. */
  detector: string
  seed: number
  imageAuroc: number | null
  pixelAuroc: number | null
  /** Area under per-region overlap up to 30 % false positives, over 0.3. */
  aupro30: number | null
  fitSeconds: number
  imagesPerSecond: number
  bundleBytes: number
}

/** What `goodparts compare` found on one data set; after Ctrl-C, as far as it came. */
export interface ComparisonReport {
  results: ComparedFit[]
  /** The best AUROC of a statistic that looks at no content, or of its mirror. */
  baselineAuroc: number | null
  /** The family that separates drawn-on from untouched held-out good parts best; no real defect has a say. `null` when none was fitted with every seed, or only those that are trained on such drawings. */
  recommended: string | null
  reason: string
}
