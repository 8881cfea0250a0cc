/** A replay buffer as the live page sees it. */
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { LearningLine } from '../../engine/live/learning-line.ts'
import type { LearningState, UpdateReport } from '../../schemas/learning.ts'

export interface LearningLineOptions {
  id: string
  product: string
  line: LineReplay
  /** Something has changed. */
  show: () => void
}

export function learningLine ({ id, product, line, show }: LearningLineOptions): LearningLine {
  let updating: LearningState['updating'] = null
  line.on('progress', (stage, done, total) => { updating = { stage, done, total } })
  return {
    get state () {
      const { updating: isUpdating, waiting, inDrift, last } = line.state
      if (!isUpdating) updating = null
      return {
        id,
        product,
        defects: defectsOf(line),
        waiting,
        updating: isUpdating ? updating ?? { stage: 'starting', done: 0, total: 0 } : null,
        inDrift,
        canRollBack: last?.parent != null,
        last: last === null ? null : reportOf(last)
      }
    },
    keep: async (picture, word, inspection) => {
      const sha256 = await line.labelPicture(picture, { ...word, by: 'person' }, inspection)
      show()
      return sha256
    },
    withdraw: async (sha256) => {
      await line.withdraw(sha256)
      show()
    }
  }
}

/** Types of defect that were named, in order of name. */
function defectsOf (line: LineReplay): string[] {
  const learned = Object.keys(line.state.last?.memory.classes ?? {}).map((name) => name.slice(name.indexOf('/') + 1))
  return [...new Set([...learned, ...line.waiting.map(({ label }) => label)])].filter((label) => label !== 'good' && label !== 'remove').sort()
}

function reportOf ({ accepted, gate, bundle, parent, learned, heldBack, seconds }: UpdateOutcome): UpdateReport {
  return { accepted, reasons: gate.reasons, products: gate.products, bundle, parent, learned, heldBack: heldBack.length, seconds }
}
