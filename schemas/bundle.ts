/** JSON values, as options and metadata use them. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** One regenerated picture and what the bundle must answer to it. */
export interface GoldenVector {
  /** Seed of the picture (see `engine/bundle/golden.ts`). */
  seed: number
  width: number
  height: number
  score: number
  /** The map's values at fixed, evenly spread positions. */
  mapSamples: number[]
}

/** One row of the table that `scale: auto` shows. */
export interface ScaleTrial {
  layers: string
  /** Input edge in pixels; 0 where there is none, as of a family that was not tried. */
  size: number
  /** AUROC of drawn-on against untouched held-out good parts. */
  proxyAuroc: number | null
  imagesPerSecond: number | null
  /** Why it was chosen, left behind or not tried. */
  outcome: string
  chosen: boolean
  /** Anything else that this trial varied, for example `whitening`. */
  settings: { [key: string]: JsonValue }
}

/** How it was chosen what pictures are changed by in training: by good parts only, drawn defects last. */
export interface AugmentationChoice {
  /** Whether changed good parts can be told from untouched ones. */
  nuisances: Array<{
    name: string
    /** With which they are told apart, pictures not learned from: 0.5 = not at all. */
    auroc: number
    accepted: boolean
  }>
  /** Whether what training takes for something else can be recognised. */
  shifts: Array<{
    name: string
    /** Share of held-out pictures that are recognised. */
    accuracy: number
    accepted: boolean
  }>
  /** Sets trained with for a short time and judged by defects drawn on held-out good parts. */
  sets: Array<{
    nuisances: string[]
    shifts: string[]
    /** AUROC over the operators that training does not use. */
    proxyAuroc: number
    byOperator: { [operator: string]: number }
    chosen: boolean
  }>
  /** Operators that training uses, so that they do not count. */
  trainedOperators: string[]
  /** What it found, in a sentence each. */
  sentences: string[]
  seconds: number
}

/** The mean loss of the train steps since the point before. */
export interface LossPoint {
  /** The last of them, from 1. */
  step: number
  loss: number
}

/** What a model bundle says of itself; kept as JSON in the ONNX file's `metadata_props` under `goodparts`. */
export interface BundleMetadata {
  schema: 'goodparts.bundle/1'
  /**
   * First 16 hex digits of the SHA-256 of the graph and of this metadata.
   * @pattern ^[0-9a-f]{16}$
   */
  id: string
  name: string
  family: string
  /** @format date-time */
  createdAt: string
  /** Options as resolved by the fit, nothing implicit. */
  options: { [key: string]: JsonValue }
  /** Geometry of the pictures that it learned from; any other is resized inside the graph. */
  input: { height: number, width: number, channels: 1 | 3 }
  map: { height: number, width: number }
  calibration: {
    /** Scores of good parts that the fit did not see, ascending. */
    scores: number[]
    heldOutBy: 'group' | 'image'
    /** The same of products that have limits of their own, by the product's name. */
    products?: { [product: string]: number[] }
    /** The pictures that the scores are of, in the same order: SHA-256 of each as it is kept, `null` where the fit has set the score. */
    pictures?: Array<string | null>
    /** The same of the scores of products. */
    productPictures?: { [product: string]: Array<string | null> }
  }
  classNames: string[]
  training: {
    images: number
    groups: number | null
    /** SHA-256 of each image's pixels, sorted. */
    imageHashes: string[]
    seed: number
    seconds: number
    /** Of a detector that is trained: at most 100 points, evenly over its train steps. */
    lossCurve?: LossPoint[]
    /** Of a detector that is trained: where its train steps ran, if not on the processor. */
    device?: string
    /** Of a detector that learned from labelled defects. */
    defects?: {
      /** Pictures of each type. */
      images: { [className: string]: number }
      /** SHA-256 of each image's pixels, sorted. */
      imageHashes: string[]
    }
  }
  parent: string | null
  golden: { vectors: GoldenVector[], relativeTolerance: number }
  trials: ScaleTrial[]
  /** Of a detector that is trained, where its augmentations were chosen. */
  augmentation?: AugmentationChoice
  /**
   * SHA-256 of the serialised graph without metadata.
   * @pattern ^[0-9a-f]{64}$
   */
  graphSha256: string
  signature: string | null
  versions: { [name: string]: string }
}
