/** Which drawn defects judge a comparison: the same for every family, so that their separations compare. */
import { fillNames, shareDrawn } from '../../detectors/defect-fills.ts'
import type { FillName } from '../../detectors/defect-fills.ts'

/** Share of drawn defects, by what lines see, that may be left out for a family's sake. */
const mostLeftOut = 0.5

/**
 * Those that no family's training draws. A family for which that would leave out most of them has no say: it is judged by what it is trained on.
 * @param trained Of each family, what its training draws.
 */
export function judgingOperators (trained: ReadonlyArray<readonly FillName[]>): FillName[] {
  const leftOut = trained.filter((names) => shareDrawn(names) <= mostLeftOut).flat()
  return fillNames.filter((name) => !leftOut.includes(name))
}
