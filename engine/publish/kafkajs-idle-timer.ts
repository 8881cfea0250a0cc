/**
 * kafkajs 2.2.4 sets a timer after every answer although nothing waits to be sent: its delay is "throttled until" (never: -1) minus now, a large negative
 * number. Node 24 prints `TimeoutNegativeWarning` for it, and every version fires it each millisecond for as long as the connection lives. The timer
 * is only of use while requests wait or the broker throttles; otherwise the next `push` sees to its own request.
 */
export interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests: () => void
}

const done = new WeakSet<RequestQueue>()

/** Leaves the timer to the cases that need it, on kafkajs' own class and nothing else of the process. */
export function withoutIdleTimer ({ prototype }: { prototype: RequestQueue }): void {
  if (done.has(prototype)) return
  done.add(prototype)
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}
