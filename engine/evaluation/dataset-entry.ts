/** One picture of a data set. */
export const splits = ['train', 'calibration', 'test', 'stream'] as const
export type Split = typeof splits[number]

/** A defect's extent in pixels of its picture; `x2` and `y2` are the last column and row plus one. */
export interface DefectBox {
  x1: number
  y1: number
  x2: number
  y2: number
  type: string
}

export interface DatasetEntry {
  split: Split
  /** Absolute. */
  path: string
  /** `good` or the type of defect. */
  label: string
  isGood: boolean
  /** Absolute path of a picture whose pixels above 127 are defective; `null` where there is none. */
  mask: string | null
  boxes: DefectBox[]
  /** The physical part. */
  group: string | null
  product: string | null
}
