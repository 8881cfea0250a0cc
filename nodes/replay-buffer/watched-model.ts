/** What the parts of a line are compared with for drift: the bundle in use. */
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { SlotState, SlottedModel } from '../../engine/decision/model-slot.ts'

/** To be told the model's state. Each bundle that takes its place begins the watch anew; a swap that fails leaves the one in use, and what was seen of it. */
export function watching (line: Pick<LineReplay, 'watch'>): (state: SlotState) => void {
  let watched: SlottedModel | undefined
  return (state) => {
    const current = 'current' in state ? state.current : undefined
    if (current === undefined || current === watched) return
    watched = current
    const { scores, products = {} } = current.model.metadata.calibration
    line.watch({ calibrationScores: scores, productScores: products })
  }
}
