/** What is on its way while its line leaves the page does not come back with it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import { openSampleLine } from './sample-line.ts'
import { unaskedLearningLine } from './unasked-learning-line.ts'

let folder: string
let memory: PageMemory

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-dropped-'))
  memory = new PageMemory()
})
afterEach(() => { rmSync(folder, { recursive: true }) })

async function start (options: LiveServerOptions = {}): Promise<{ server: LiveServer, url: string }> {
  const server = new LiveServer({ port: 0, memory, history: { path: join(folder, 'live.sqlite') }, ...options })
  return { server, url: (await server.start()).url }
}

async function say (url: string, eventId: string): Promise<number> {
  const answer = await fetch(new URL(`api/lines/a/parts/${eventId}/word`, url), { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ schema: 'goodparts.live/1', kind: 'say', label: 'good' }) })
  return answer.status
}

it('a picture that is being encoded', async () => {
  const { server } = await start()
  const line = await openSampleLine('a')
  const [first, second] = [line.nextReject(), line.nextReject()]
  server.publish(first)
  memory.drop('a')
  // The line is back before the first is encoded.
  server.publish(second)
  await server.stop()

  expect(memory.gallery.entries('a').map(({ record: { eventId } }) => eventId)).toEqual([second.record.eventId])
})

it('parts and words that are being read from the disk', async () => {
  const line = await openSampleLine('a')
  const [part, later] = [line.nextReject(), line.next()]
  const first = await start()
  first.server.publish(part)
  await expect.poll(() => memory.gallery.entries('a').length).toBe(1)
  expect(await say(first.url, part.record.eventId)).toBe(200)
  await first.server.stop()

  memory = new PageMemory()
  const { server } = await start()
  await expect.poll(() => [memory.gallery.entries('a').length, memory.words.get('a')?.size]).toEqual([1, 1])
  memory.drop('a')
  server.publish(later)
  memory.drop('a')
  await server.stop()

  expect(memory.gallery.entries('a')).toEqual([])
  expect(memory.words.has('a')).toBe(false)
})

it('a word that is being written', async () => {
  const learning = new LearningLines()
  learning.attach('a', unaskedLearningLine({
    keep: async () => {
      memory.drop('a')
      return Promise.resolve('0'.repeat(64))
    }
  }))
  const { server, url } = await start({ learning })
  const part = (await openSampleLine('a')).nextReject()
  server.publish(part)
  await expect.poll(() => memory.gallery.entries('a').length).toBe(1)

  expect(await say(url, part.record.eventId)).toBe(200)
  await server.stop()

  expect(memory.words.has('a')).toBe(false)
})
