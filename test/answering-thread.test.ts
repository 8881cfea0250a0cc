/** A thread that fails while nobody asks. */
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { AnsweringThread } from '../engine/answering-thread.ts'

/** Answers with how often it was asked, then does what it was asked to do. */
const source = `
  import { parentPort } from 'node:worker_threads'
  let asked = 0
  parentPort.on('message', (question) => {
    parentPort.postMessage({ result: ++asked })
    if (question === 'exit') process.exit(0)
    // Not at once: an error may overtake the answer on its way.
    if (question === 'fail') setTimeout(() => { throw new Error('a fault of its own') }, 200)
  })`

let thread: AnsweringThread<string | number, number> | undefined

afterEach(async () => { await thread?.close() })

test('a thread whose answer nobody needs any more is waited for no longer than is said, and ends after its answer', async () => {
  const slow = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', () => { setTimeout(() => { parentPort.postMessage({ result: 7 }) }, 1500) })`
  const late = new AnsweringThread<string, number>({ hop: 'test', capacity: 1, module: new URL(`data:text/javascript,${encodeURIComponent(slow)}`), name: 'goodparts-test', limitMs: 60_000, failure: 'GOODPARTS_STORE_FAILED' })
  const answer = late.ask('anything')
  let isAnswered = false
  answer.then(() => { isAnswered = true }, () => {})
  await late.close({ within: 100 })
  expect(isAnswered).toBe(false)
  expect(await answer).toBe(7)
  expect(late.ledger).toMatchObject({ in: 1, out: 1, inFlight: 0 })
}, 9000)

test.each([['fail', 'a fault at work'], ['exit', 'it ended with 3']])('a thread that ends at a question (%s) fails that one at once, and the next question starts another', async (end, reason) => {
  const atWork = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', (question) => {
      if (question === 'exit') process.exit(3)
      if (question === 'fail') throw new Error('a fault at work')
      parentPort.postMessage({ result: 5 })
    })`
  thread = new AnsweringThread({ hop: 'test', capacity: 2, module: new URL(`data:text/javascript,${encodeURIComponent(atWork)}`), name: 'goodparts-test', limitMs: 60_000, failure: 'GOODPARTS_STORE_FAILED' })
  const warnings: string[] = []
  const hear = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', hear)
  onTestFinished(() => { process.off('warning', hear) })

  const [failed, next] = await Promise.allSettled([thread.ask(end), thread.ask('stay')])

  expect(failed).toMatchObject({ reason: { code: 'GOODPARTS_STORE_FAILED', message: expect.stringContaining(reason) as unknown } })
  expect(next).toEqual({ status: 'fulfilled', value: 5 })
  expect(warnings.filter((text) => text.includes('goodparts-test'))).toEqual([])
}, 9000)

test('an answer that comes too late is nobody\'s', async () => {
  const late = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', (wait) => {
      const until = Date.now() + wait
      while (Date.now() < until);
      parentPort.postMessage({ result: wait })
    })`
  thread = new AnsweringThread({ hop: 'test', capacity: 2, module: new URL(`data:text/javascript,${encodeURIComponent(late)}`), name: 'goodparts-test', limitMs: 1000, failure: 'GOODPARTS_STORE_FAILED' })

  const [slow, quick] = await Promise.allSettled([thread.ask(1300), thread.ask(1)])

  expect(slow).toMatchObject({ reason: { message: expect.stringContaining('longer than 1000 ms') as unknown } })
  expect(quick).toEqual({ status: 'fulfilled', value: 1 })
}, 9000)

test.each(['fail', 'exit'])('a thread that ends between questions (%s) harms nobody, and the next question starts another', async (end) => {
  const limitMs = 8000
  thread = new AnsweringThread({ hop: 'test', capacity: 2, module: new URL(`data:text/javascript,${encodeURIComponent(source)}`), name: 'goodparts-test', limitMs, failure: 'GOODPARTS_STORE_FAILED' })
  const warnings: string[] = []
  const hear = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', hear)
  onTestFinished(() => { process.off('warning', hear) })
  expect(await thread.ask('stay')).toBe(1)
  expect(await thread.ask(end)).toBe(2)
  // A question that comes before its end is heard of fails with it.
  if (end === 'fail') await vi.waitFor(() => { expect(warnings).not.toEqual([]) }, { timeout: 8000 })
  const next = async (): Promise<number | undefined> => thread?.ask('stay')
  if (end === 'fail') expect(await next()).toBe(1)
  else await vi.waitFor(async () => { expect(await next()).toBe(1) }, { timeout: 8000 })
  expect(warnings.filter((text) => text.includes('goodparts-test'))).toHaveLength(end === 'fail' ? 1 : 0)
}, 9000)
