/** What a message may ask of a replay buffer: each change is in the audit log before it is made. */
import type { NodeMessage } from 'node-red'
import { readProductName, removedLabel } from '../../engine/label-text.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { Withdrawal } from '../../schemas/learning.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import type { AuditTrail } from '../shared/audit-trail.ts'
import type { LabelKeeping } from './label-keeping.ts'
import { readCommand, readLabel, readMode, readPicture, readRelabel, type ReplayMessage } from './settings.ts'

export interface Obeying {
  line: LineReplay
  model: ModelNode
  trail: AuditTrail
  labels: LabelKeeping
  /** Of the parts that say none. */
  product: string
}

type Asking = NodeMessage & ReplayMessage & { inspection?: InspectionRecord }

const withdrawnTexts: Record<Withdrawal, string> = {
  'not-learned': 'not learned',
  'at-next-update': 'forgotten at the next update',
  'in-model': 'the model has learned it and keeps it until the update is taken back; it is not learned again then'
}

/**
 * Does what a message asks. @returns the message that says which label was kept, or what became of one that was taken back; `null` for all else
 * @throws GOODPARTS_ARGUMENT, GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED, and as `ModelNode.swap`
 */
export async function take (obeying: Obeying, msg: Asking): Promise<NodeMessage | null> {
  const { frame, inspection } = msg
  if (!isFrame(frame) || msg.buffer !== undefined) {
    return await obey(obeying, msg)
  }
  const label = readLabel(msg, inspection?.product ?? obeying.product)
  if (label !== null) await obeying.labels.keep(frame, label, inspection ?? null)
  else if (inspection !== undefined) await obeying.line.inspected(frame, { ...inspection, product: inspection.product === null ? null : readProductName(inspection.product, 'msg.inspection.product') })
  else throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a frame to come with msg.label or msg.inspection, got neither')
  return label === null ? null : { ...msg, payload: { kind: 'kept', ...label, waiting: obeying.line.state.waiting } }
}

async function obey ({ line, model, trail, product }: Obeying, msg: Asking): Promise<NodeMessage | null> {
  const command = readCommand(msg)
  if (command === 'update') {
    const mode = readMode(msg)
    await trail.before({ kind: 'update-asked', details: { mode: mode ?? null, waiting: line.state.waiting } }, () => { line.update(mode) })
  } else if (command === 'cancel') await trail.before({ kind: 'update-cancelled', details: {} }, async () => line.cancel())
  else if (command === 'reset-drift') await trail.before({ kind: 'drift-reset', details: { signals: line.state.drift?.signals ?? [] } }, () => { line.resetDrift() })
  else if (command === 'rollback') {
    const wanted = typeof msg.payload === 'string' && msg.payload !== '' ? msg.payload : undefined
    // The update that runs may come into use before it is ended, and then it is the one that is taken back.
    if (line.state.updating) await trail.before({ kind: 'update-cancelled', details: {} }, async () => line.cancel())
    const to = wanted ?? line.state.last?.parent ?? null
    await trail.before({ kind: 'bundle-rolled-back', details: { to } }, async () => model.swap(await line.rollback(to ?? undefined)))
  } else if (command === 'withdraw') {
    const sha256 = readPicture(msg)
    const learned = await trail.before({ kind: 'label-withdrawn', details: { sha256 } }, async () => line.withdraw(sha256))
    return { ...(msg.topic === undefined ? {} : { topic: msg.topic }), payload: { kind: 'withdrawn', sha256, learned, text: withdrawnTexts[learned], waiting: line.state.waiting } }
  } else {
    const { sha256, ...said } = readRelabel(msg, product)
    await trail.before({ kind: said.label === removedLabel ? 'exemplar-removed' : 'exemplar-relabelled', details: { sha256, ...said } }, async () => line.relabel(sha256, said))
  }
  return null
}
