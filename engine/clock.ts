/** Time, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now (): number
  /** Calls back once after `milliseconds`; returns how to prevent it. */
  after (milliseconds: number, callback: () => void): () => void
}

/** Real time. Waiting keeps no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after (milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    timer.unref()
    return () => { clearTimeout(timer) }
  }
}
