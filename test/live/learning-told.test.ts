import { afterEach, expect, it } from 'vitest'
import type { LearningState } from '../../schemas/learning.ts'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { LiveServer } from '../../engine/live/server.ts'
import { Browser } from './browser.ts'
import { openSampleLine } from './sample-line.ts'

const open: LiveServer[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(async (server) => server.stop())) })

it('what a line has learned is told when it differs, however often its replay buffer looks', async () => {
  const learning = new LearningLines()
  const notAsked = (): never => { throw new Error('Expected not to be asked') }
  let waiting = 0
  let built = 0
  learning.attach('a', {
    get state (): LearningState {
      built++
      return { id: 'buffer', product: 'plate', defects: [], waiting, updating: null, inDrift: false, canRollBack: false, last: null }
    },
    keep: notAsked,
    withdraw: notAsked,
    sheet: notAsked,
    picture: notAsked,
    relabel: notAsked,
    update: notAsked,
    cancel: notAsked,
    rollBack: notAsked
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
