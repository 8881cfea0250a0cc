/** What a line that learns tells of. */
import type { DriftAlarm } from '../decision/drift/drift-monitor.ts'
import type { GoodpartsError } from '../errors.ts'
import type { UpdateOutcome } from './detector-update/update-detector.ts'

export interface LineReplayEvents {
  /** An accepted or a refused update, and the one before it. */
  updated: [outcome: UpdateOutcome, before: UpdateOutcome | null]
  failed: [error: GoodpartsError]
  progress: [stage: string, done: number, total: number]
  drift: [alarm: DriftAlarm]
  /** A picture could not be looked at for drift. */
  unwatched: [error: GoodpartsError]
  /** After so many labels an update is to begin: who listens calls `update`, without anybody it begins by itself. */
  due: [labels: number]
  /** A process ended while it put a bundle back: that bundle lies in its place only now, after it may have been read. */
  settled: []
}
