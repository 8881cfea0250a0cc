/** How limits, which are in the unit of the score, are carried over to the map of one part. One definition for the overlay and for the live page. */

export interface JudgedScore {
  score: number
  limits: { review: number, reject: number }
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
 * The score of a part is not exactly the highest value of its map (smoothing, reweighting), and both are known for this part: a distance, which
 * has a zero, is carried over by their ratio; a score that may be below zero, such as a log-odds, by their difference. Either way a part beyond a limit has
 * a place where its map is, and a good one has none.
 * @param threshold Where colour begins: 1 = at the review limit, 0 = at nothing (of a score without a zero: at the lowest value of the map)
 */
export function paintedRange (map: { minimum: number, maximum: number }, judged: JudgedScore | null, threshold = 1): PaintedRange {
  const { minimum, maximum } = map
  if (judged === null) return { from: minimum + (maximum - minimum) * Math.min(0.98, threshold / 2), to: maximum, outline: Infinity }
  const { score, limits: { review, reject } } = judged
  if (score > 0 && maximum > 0 && review > 0) {
    const unit = maximum / score
    return { from: review * threshold * unit, to: Math.max(maximum, 1.25 * reject * unit), outline: review * unit }
  }
  const outline = review + (maximum - score)
  return { from: minimum + threshold * (outline - minimum), to: Math.max(maximum, outline + 2 * (reject - review)), outline }
}
