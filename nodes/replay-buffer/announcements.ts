/** What a line that learns has to say, as messages of its node. */
import type { Node } from 'node-red'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import { asGoodpartsError } from '../../engine/errors.ts'
import type { AuditDetails } from '../../engine/store/audit-chain.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import type { AuditTrail } from '../shared/audit-trail.ts'
import { tellError } from '../shared/lifecycle.ts'
import { begin } from '../shared/line-closing.ts'

export interface Announcer {
  node: Node
  model: ModelNode
  trail: AuditTrail
  topic: string
  /** Of the bundle that updates replace. */
  path: string
  /** Something has changed. */
  show: () => void
}

/** First output: accepted updates, once the model has taken the bundle. Second: all else. Third: what to look at again. */
export function announce (line: LineReplay, { node, model, trail, topic, path, show }: Announcer): void {
  const tell = (event: object): void => {
    node.send([null, { topic, payload: event }, null])
    show()
  }
  const fail = (cause: unknown): void => {
    const error = asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')
    tellError(node, error)
    tell({ kind: 'failed', code: error.code, message: error.message, fix: error.fix })
  }
  const use = async (outcome: UpdateOutcome, before: UpdateOutcome | null): Promise<void> => {
    await trail.add({ kind: outcome.accepted ? 'update-accepted' : 'update-refused', details: updateDetails(outcome, before) })
    if (outcome.accepted) await model.swap(path)
  }
  const takeBack = async (outcome: UpdateOutcome, cause: unknown): Promise<void> => {
    fail(cause)
    if (!outcome.accepted) return
    const { code, message } = asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')
    // The model goes on with the bundle before; the file and what waits must say the same.
    await line.takeBack(message)
    show()
    await trail.add({ kind: 'bundle-rolled-back', details: { to: outcome.parent, because: code } })
  }
  const report = async (outcome: UpdateOutcome): Promise<void> => {
    const message = { topic, payload: { kind: outcome.accepted ? 'accepted' : 'refused', path, ...outcome } }
    const queue = await Promise.all(outcome.relabel.map(async (entry) => ({ ...entry, picture: await line.picture(entry.sha256) })))
    node.send([outcome.accepted ? message : null, outcome.accepted ? null : message, { topic, payload: queue }])
    show()
  }
  // A node that closes waits for these as for its messages: none of them may find the audit log closed.
  line.on('updated', (outcome, before) => {
    // What cannot be told of an update is in use all the same.
    begin(node, use(outcome, before).then(async () => report(outcome), async (cause: unknown) => takeBack(outcome, cause)).catch(fail))
  })
  line.on('due', (labels) => {
    const details = { mode: null, waiting: line.state.waiting, because: `after ${labels} labels` }
    begin(node, trail.before({ kind: 'update-asked', details }, () => { line.update() }).then(show, fail))
  })
  line.on('settled', () => { begin(node, model.swap(path).then(show, fail)) })
  line.on('failed', (error) => {
    fail(error)
    if (line.state.failure === error) begin(node, trail.add({ kind: 'change-failed', details: { change: 'update-asked', code: error.code, message: error.message } }).catch((cause: unknown) => { tellError(node, asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')) }))
  })
  line.on('unwatched', (error) => { tellError(node, error) })
  line.on('progress', (stage, done, total) => { tell({ kind: 'progress', stage, done, total }) })
  line.on('drift', (alarm) => { tell({ kind: 'drift', ...alarm }) })
}

/** What the audit log says of an update, by the hashes of pictures: what it learned from, what the memory took in and let go. */
function updateDetails ({ accepted, bundle, parent, gate, learnedPictures = [], heldBack, exemplars }: UpdateOutcome, before: UpdateOutcome | null): AuditDetails {
  const known = new Set(before?.exemplars.map(({ sha256 }) => sha256))
  const kept = new Set(exemplars.map(({ sha256 }) => sha256))
  return {
    bundle,
    parent,
    reasons: gate.reasons,
    ...accepted ? { limits: limitsOf(gate) } : {},
    learned: learnedPictures,
    heldBack: heldBack.map(({ sha256, reason }) => ({ sha256, reason })),
    added: exemplars.filter(({ sha256 }) => !known.has(sha256)).map(({ sha256, label }) => ({ sha256, label })),
    gone: [...known].filter((sha256) => !kept.has(sha256))
  }
}

/** Reject limits too of products that have limits of their own. */
function limitsOf ({ limits: { before, after }, products }: UpdateOutcome['gate']): AuditDetails {
  const own = products.flatMap(({ product, limits }) => limits === undefined ? [] : [[product, { ...limits }] as const])
  return { before: { ...before }, after: { ...after }, ...own.length === 0 ? {} : { products: Object.fromEntries(own) } }
}
