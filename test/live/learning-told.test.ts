import { afterEach, expect, it } from 'vitest'
import type { LearningState } from '../../schemas/learning.ts'
import type { LiveServerMessage } from '../../schemas/live.ts'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { LiveHub } from '../../engine/live/hub.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer } from '../../engine/live/server.ts'
import { Browser } from './browser.ts'
import { openSampleLine } from './sample-line.ts'
import { notAsked, restingState, unaskedLearningLine } from './unasked-learning-line.ts'

const open: LiveServer[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(async (server) => server.stop())) })

/** A replay buffer of which only this many labels are known. */
function attachTo (learning: LearningLines, waiting: () => number): void {
  learning.attach('a', unaskedLearningLine({
    get state (): LearningState {
      return { ...restingState, waiting: waiting() }
    }
  }))
}

it('what a line has learned is told when it differs, however often its replay buffer looks', async () => {
  const learning = new LearningLines()
  let waiting = 0
  let built = 0
  attachTo(learning, () => {
    built++
    return waiting
  })
  const server = new LiveServer({ port: 0, learning })
  open.push(server)
  const { url } = await server.start()
  const browser = await Browser.open(url)
  server.publish((await openSampleLine('a')).nextReject())
  await browser.until(() => browser.of('line').length > 0)

  const before = built
  for (let i = 0; i < 1000; i++) learning.changed()
  waiting = 7
  learning.changed()
  await browser.until(() => browser.of('learning').some((message) => message.learning?.waiting === 7))
  waiting = 0
  learning.changed()
  await browser.until(() => browser.of('learning').at(-1)?.learning?.waiting === 0)

  expect(built - before).toBeLessThan(10)
  expect(browser.of('learning').map((message) => message.learning?.waiting).filter((count, at, all) => count === all[at - 1])).toEqual([])
  browser.validate()
  browser.close()
})

it('a browser that was refused something and is told all anew hears of what comes after, though others have heard it before', async () => {
  const learning = new LearningLines()
  let waiting = 0
  attachTo(learning, () => waiting)
  const hub = new LiveHub({ version: '1', framesPerSecond: 10, jpegQuality: 80, memory: new PageMemory(), learning, onSaid: notAsked, onError: notAsked })
  const [fast, slow] = [socketOf(), socketOf()]
  for (const { socket } of [fast, slow]) hub.join(socket, 'viewer')
  hub.notice('a', { kind: 'fit-progress', stage: 'learning', done: 0, total: 1, text: '' })
  slow.socket.bufferedAmount = 8 << 20
  waiting = 1
  learning.changed()
  await expect.poll(() => fast.waiting.at(-1)).toBe(1)

  waiting = 7
  slow.socket.bufferedAmount = 0
  hub.tellStatistics()
  expect(slow.waiting.at(-1)).toBe(7)
  waiting = 1
  learning.changed()
  await expect.poll(() => slow.waiting.at(-1)).toBe(1)
  await hub.close()
})

/** What a browser hears of the labels that wait. */
function socketOf (): { socket: { bufferedAmount: number, readyState: number, send: (data: string | Uint8Array) => void, close: () => void, terminate: () => void }, waiting: number[] } {
  const waiting: number[] = []
  const send = (data: string | Uint8Array): void => {
    const message = JSON.parse(String(data)) as LiveServerMessage
    if (message.kind === 'learning') waiting.push(message.learning?.waiting ?? NaN)
    if (message.kind === 'hello') waiting.push(...message.lines.map(({ learning }) => learning?.waiting ?? NaN))
  }
  return { socket: { bufferedAmount: 0, readyState: 1, send, close: () => {}, terminate: () => {} }, waiting }
}
