/** What a capture source says of itself, on the second output of its node. */
export interface CaptureEvent {
  schema: 'goodparts.capture-event/1'
  source: string
  /** @format date-time */
  at: string
  kind: 'starting' | 'running' | 'stalled' | 'restarting' | 'end-of-stream' | 'looped' | 'stopped' | 'error' | 'warning'
  text: string
  /** A `GOODPARTS_*` code for `error` and `warning`. */
  code: string | null
  /** What to do about it, where that is known. */
  fix: string | null
  counters: CaptureCounters
}

export interface CaptureCounters {
  frames: number
  framesPerSecond: number
  stalls: number
  restarts: number
  dropped: { [reason: string]: number }
}
