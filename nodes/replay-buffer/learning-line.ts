/** A replay buffer as the live page sees it. */
import { randomUUID } from 'node:crypto'
import type { NodeAPI } from 'node-red'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { LearningLine } from '../../engine/live/learning-line.ts'
import { splitExemplarLabel } from '../../schemas/exemplar-label.ts'
import type { LearningState, UpdateReport } from '../../schemas/learning.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { sheetOf } from './contact-sheet.ts'
import type { LabelKeeping } from './label-keeping.ts'

export interface LearningLineOptions {
  id: string
  product: string
  line: LineReplay
  /** Hears whether labels can be kept; without it nobody does. */
  labels?: Pick<LabelKeeping, 'watch'>
  model: Pick<ModelNode, 'current' | 'swap'>
  /** Something has changed. */
  show: () => void
}

export function learningLine ({ id, product, line, labels, model, show }: LearningLineOptions): LearningLine {
  let updating: LearningState['updating'] = null
  line.on('progress', (stage, done, total) => { updating = { stage, done, total } })
  const learning: LearningLine = {
    get state () {
      const { updating: isUpdating, waiting, inDrift, drift, last, failure, takenBackAt } = line.state
      if (!isUpdating) updating = null
      return {
        id,
        product,
        defects: defectsOf(line),
        waiting,
        updating: isUpdating ? updating ?? { stage: 'starting', done: 0, total: 0 } : null,
        inDrift,
        drift,
        // Not a second time: the update that was taken back is no longer in use.
        canRollBack: last?.parent != null && model.current()?.model.metadata.id === last.bundle,
        last: last === null ? null : reportOf(last),
        failed: failure === null ? null : { code: failure.code, message: failure.message, fix: failure.fix },
        takenBackAt
      }
    },
    keep: async (picture, word, inspection) => {
      const keep = async (): Promise<string> => line.labelPicture(picture, { ...word, by: 'person', wordId: word.wordId ?? randomUUID() }, inspection)
      const sha256 = await (labels === undefined ? keep() : labels.watch(keep))
      show()
      return sha256
    },
    withdraw: async (sha256) => {
      const learned = await line.withdraw(sha256)
      show()
      return learned
    },
    sheet: () => sheetOf(line, learning.state),
    picture: async (sha256) => line.picture(sha256),
    relabel: async (sha256, said) => {
      await line.relabel(sha256, said)
      show()
    },
    update: (mode) => {
      line.update(mode ?? undefined)
      show()
    },
    cancel: async () => {
      await line.cancel()
      show()
    },
    rollBack: async (to) => {
      await model.swap(await line.rollback(to ?? undefined))
      show()
    }
  }
  return learning
}

/**
 * Lets the page know the line. @returns to be called when the line is closed: until another takes its place it refuses what people say, which would
 * else be kept as words that no replay buffer is to learn.
 */
export function attach (RED: NodeAPI, page: LiveServerNode | null, name: string, learning: LearningLine): (removed: boolean) => void {
  const detach = page?.learning.attach(name, learning) ?? (() => {})
  return (removed) => {
    if (removed) detach()
    else RED.events.once('flows:started', detach)
  }
}

/** Types of defect that were named, in order of name. */
function defectsOf (line: LineReplay): string[] {
  const learned = Object.keys(line.state.last?.memory.classes ?? {}).map((name) => splitExemplarLabel(name).label)
  return [...new Set([...learned, ...line.waiting.map(({ label }) => label)])].filter((label) => label !== 'good' && label !== 'remove').sort()
}

function reportOf ({ accepted, gate: { reasons, objections, notices, products, limits: { before, after } }, bundle, parent, learned, heldBack, seconds, endedAt }: UpdateOutcome): UpdateReport {
  return {
    accepted,
    reasons,
    ...objections === undefined ? {} : { objections },
    ...notices === undefined ? {} : { notices },
    products,
    limits: { before: before.reject, after: after.reject },
    bundle,
    parent,
    learned,
    heldBack: heldBack.length,
    seconds,
    ...endedAt === undefined ? {} : { endedAt }
  }
}
