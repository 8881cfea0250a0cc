/** What a line that learns has to say, as messages of its node. */
import type { Node } from 'node-red'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import { asGoodpartsError } from '../../engine/errors.ts'
import type { ModelNode } from '../model/goodparts-model.ts'

export interface Announcer {
  node: Node
  model: ModelNode
  topic: string
  /** Of the bundle that updates replace. */
  path: string
  /** Something has changed. */
  show: () => void
}

/** First output: accepted updates, once the model has taken the bundle. Second: all else. Third: what to look at again. */
export function announce (line: LineReplay, { node, model, topic, path, show }: Announcer): void {
  const tell = (event: object): void => {
    node.send([null, { topic, payload: event }, null])
    show()
  }
  const fail = (cause: unknown): void => {
    const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')
    node.error(fix === null ? message : `${message}. ${fix}`)
    tell({ kind: 'failed', code, message })
  }
  const report = async (outcome: UpdateOutcome): Promise<void> => {
    if (outcome.accepted) await model.swap(path)
    const message = { topic, payload: { kind: outcome.accepted ? 'accepted' : 'refused', path, ...outcome } }
    const queue = outcome.relabel.map((entry) => ({ ...entry, picture: line.picture(entry.sha256) }))
    node.send([outcome.accepted ? message : null, outcome.accepted ? null : message, { topic, payload: queue }])
    show()
  }
  line.on('updated', (outcome) => {
    report(outcome).catch(async (cause: unknown) => {
      // The model goes on with the bundle before; the file must say the same.
      fail(cause)
      await line.rollback().catch(fail)
    })
  })
  line.on('failed', fail)
  line.on('progress', (stage, done, total) => { tell({ kind: 'progress', stage, done, total }) })
  line.on('drift', (alarm) => { tell({ kind: 'drift', ...alarm }) })
}
