/** How limits, which are in the unit of the score, are carried over to the map of one part. One definition for the overlay and for the live page. */

/** So many regions are shown of a part, those with the highest peaks: a detector's map may have so many that they cover the picture. The record has them all. */
export const mostShownRegions = 5

export interface JudgedScore {
  score: number
  limits: { review: number, reject: number }
}

/** Of the values of a map. */
export interface MapLevels {
  minimum: number
  median: number
  maximum: number
}

export interface PaintedRange {
  /** Of the map, where colour begins. */
  from: number
  /** Where it is at its hottest. */
  to: number
  /** The review limit; a part to be reviewed or rejected reaches it. `Infinity` where there are no limits. */
  outline: number
}

/**
 * The score of a part is not exactly the highest value of its map: it is taken before the smoothing, and reweighted. Smoothing lowers a peak
 * and leaves the level around it, so the straight line that leaves the median where it is and takes the score to the peak carries the limits over: a part
 * beyond a limit has a place where its map is, a good one has none, and the level of a good surface stays below. It needs no zero, which a log-odds does not have.
 * @param threshold Where colour begins: 1 = at the review limit, 0 = at the median of the map
 */
export function paintedRange ({ minimum, median, maximum }: MapLevels, judged: JudgedScore | null, threshold = 1): PaintedRange {
  if (judged === null) return { from: minimum + (maximum - minimum) * Math.min(0.98, threshold / 2), to: maximum, outline: Infinity }
  const { score, limits: { review, reject } } = judged
  const slope = (maximum - median) / (score - median)
  // A limit below the map's own level, or a map without a peak, leaves nothing to be measured by: what is as high as the score allows is shown.
  const carried = (limit: number): number => limit > median && score > median && maximum > median ? median + (limit - median) * slope : limit + (maximum - score)
  const outline = carried(review)
  return { from: median + threshold * (outline - median), to: Math.max(maximum, carried(reject) + 0.25 * (carried(reject) - median)), outline }
}
