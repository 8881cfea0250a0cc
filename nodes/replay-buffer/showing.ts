/** What a replay buffer is doing, on the node and on the live page. */
import type { NodeAPI } from 'node-red'
import { AtMostEvery } from '../../engine/at-most-every.ts'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import type { Status } from '../shared/status.ts'
import type { LabelKeeping } from './label-keeping.ts'
import { replayStatus } from './settings.ts'

export interface Shown {
  line: LineReplay
  labels: LabelKeeping
  status: Status
  page: LiveServerNode | null
}

/** Every part of the line asks for it; nobody reads it faster. */
const INTERVAL_MS = 250

export function showing (RED: NodeAPI, { line, labels, status, page }: Shown): AtMostEvery {
  return new AtMostEvery(INTERVAL_MS, () => {
    const { kind, text, values } = replayStatus(line.state, (key) => RED._(`goodparts-replay-buffer.${key}`))
    const concerns = [['labelsFail', labels.problem], ['updateFailed', line.state.failure]] as const
    status.concern(concerns.flatMap(([key, error]) => error === null ? [] : [RED._(`goodparts-replay-buffer.status.${key}`, { reason: error.message })]).join(' · ') || undefined)
    status.show(kind, RED._(`goodparts-replay-buffer.status.${text}`, values))
    page?.learning.changed()
  })
}
