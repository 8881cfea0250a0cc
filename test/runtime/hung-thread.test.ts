import type { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../engine/clock.ts'
import { createDecision } from '../../engine/decision/decision.ts'
import { Inspector } from '../../engine/decision/inspector.ts'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { ProcessorShare } from '../../engine/runtime/processor-share.ts'
import { FIRST_RUN_MS, RunLimit } from '../../engine/runtime/run-limit.ts'
import { ThreadedModel } from '../../engine/runtime/threaded-model.ts'
import { brightnessBundle, flatFrame } from './brightness-bundle.ts'

/** Time that passes only when told to. */
class HeldClock implements Clock {
  readonly #timers = new Set<{ at: number, callback: () => void }>()
  #now = 0
  #armed: () => void = () => {}

  now (): number {
    return this.#now
  }

  after (milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback }
    this.#timers.add(timer)
    this.#armed()
    return () => { this.#timers.delete(timer) }
  }

  /** Resolves when something next waits for time to pass. */
  async armed (): Promise<void> {
    await new Promise<void>((resolve) => { this.#armed = resolve })
  }

  pass (milliseconds: number): void {
    this.#now += milliseconds
    for (const timer of [...this.#timers]) if (timer.at <= this.#now && this.#timers.delete(timer)) timer.callback()
  }
}

describe('an inference thread that hangs', () => {
  it('is ended, its frame is not inspected, and another takes its place', async () => {
    const workers: Worker[] = []
    const seen = (worker: Worker): void => { workers.push(worker) }
    process.on('worker', seen)
    const clock = new HeldClock()
    const model = await ThreadedModel.open({
      ...await brightnessBundle(),
      choice: { device: 'cpu', workers: 1, threads: 1, reason: 'test', trials: [] },
      share: new ProcessorShare(1),
      worker: new URL('stuck-worker.ts', import.meta.url),
      clock
    })
    const decision = createDecision({ calibrationScores: Array.from({ length: 400 }, (_, index) => index / 400) })
    const inspector = new Inspector(() => ({ model, decision }), { line: 'line', product: null, deadlineMs: Infinity, policy: 'every', capacity: 10, batch: 1, hop: 'score/hung' })
    const inspect = async (level: number): Promise<string> => (await inspector.inspect(flatFrame(level), { partId: null })).record.reason.text
    await inspect(51)

    const begun = clock.armed()
    const stuck = inspector.inspect(flatFrame(255), { partId: null })
    const waiting = inspector.inspect(flatFrame(102), { partId: null })
    const exit = new Promise((resolve) => workers[0]!.once('exit', resolve))
    await begun
    clock.pass(4999)
    expect(inspector.ledger).toMatchObject({ in: 3, out: 1, inFlight: 2 })
    // The limit; then the moment in which an answer that is under way may still come.
    clock.pass(1)
    clock.pass(1000)
    expect((await stuck).record).toMatchObject({ verdict: 'not-inspected', reason: { code: 'scoring-failed', text: expect.stringContaining('no answer within 5.0 s') as string } })
    expect((await waiting).record).toMatchObject({ verdict: 'good' })
    await exit
    expect(workers).toHaveLength(2)
    expect(inspector.ledger).toMatchObject({ in: 3, out: 2, dropped: { 'scoring-failed': 1 }, inFlight: 0 })
    expect(allLedgers().find(({ hop }) => hop === `model/${model.metadata.id}`)).toMatchObject({ in: 3, out: 2, dropped: { failed: 1 }, inFlight: 0 })

    process.off('worker', seen)
    inspector.close()
    await model.close()
  })
})

it('a run may take thirty times the longest of its geometry, five seconds at least, and the first as long as programs take to build', () => {
  const limit = new RunLimit()
  expect(limit.of('1x40x24x3')).toBe(FIRST_RUN_MS)
  limit.measured('1x40x24x3', 400)
  limit.measured('1x40x24x3', 100)
  expect(limit.of('1x40x24x3')).toBe(12_000)
  limit.measured('8x40x24x3', 1)
  expect(limit.of('8x40x24x3')).toBe(5000)
  for (let width = 0; width < 100; width++) limit.measured(`1x${width}x24x3`, 1)
  expect(limit.of('1x40x24x1')).toBe(FIRST_RUN_MS)
})
