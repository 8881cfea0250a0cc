/** What people say of parts, from the request to the disk. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { LearningLines, type LearningLine } from '../../engine/live/learning-line.ts'
import type { SaidOfPart } from '../../engine/live/part-words.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import { ShownParts } from '../../engine/live/shown-parts.ts'
import type { KeptEntry } from '../../schemas/live.ts'
import type { PartWord } from '../../schemas/learning.ts'
import { validate } from '../../engine/schema-validation.ts'
import { AuditLog } from '../../engine/store/audit-log.ts'
import { readAudit } from '../store/read-audit.ts'
import { Browser } from './browser.ts'
import { openSampleLine } from './sample-line.ts'
import { restingState, unaskedLearningLine } from './unasked-learning-line.ts'

let folder: string
let open: Array<{ close: () => unknown }>

async function start (options: LiveServerOptions = {}): Promise<{ server: LiveServer, url: string }> {
  const server = new LiveServer({ port: 0, history: { path: join(folder, 'live.sqlite') }, ...options })
  const { url } = await server.start()
  open.push({ close: async () => { await server.stop() } })
  return { server, url }
}

async function browse (url: string, token?: string): Promise<Browser> {
  const browser = await Browser.open(url, token)
  open.push(browser)
  return browser
}

interface Asked { method?: string, token?: string, body?: object, headers?: Record<string, string> }

async function ask (url: string, line: string, path: string, { method = 'POST', token, body, headers = {} }: Asked = {}): Promise<Response> {
  const all = { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
  return await fetch(new URL(`api/lines/${encodeURIComponent(line)}/${path}`, url), { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

const saying = (label: string): object => ({ schema: 'goodparts.live/1', kind: 'say', label })

/** A replay buffer that only remembers. */
function buffer (kept: Map<string, unknown>): LearningLine {
  return unaskedLearningLine({
    state: { ...restingState, defects: ['scratch'] },
    keep: (picture, word) => {
      const sha256 = createHash('sha256').update(picture).digest('hex')
      kept.set(sha256, { picture, ...word })
      return Promise.resolve(sha256)
    },
    withdraw: (sha256) => {
      kept.delete(sha256)
      return Promise.resolve('in-model')
    }
  })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-words-'))
  open = []
})
afterEach(async () => {
  for (const one of open.reverse()) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a word', () => {
  it('reaches every browser, the listener and the replay buffer, with the very pixels that were judged', async () => {
    const kept = new Map<string, { picture: Uint8Array }>()
    const said: SaidOfPart[] = []
    const learning = new LearningLines()
    learning.attach('', buffer(kept))
    const { server, url } = await start({ learning, onSaid: (word) => { said.push(word) } })
    const [one, other] = [await browse(url), await browse(url)]
    const part = (await openSampleLine('라인 1')).nextReject()
    server.publish(part)
    await one.until(() => one.of('kept').length === 1)

    const answer = await ask(url, '라인 1', `parts/${part.record.eventId}/word`, { method: 'PUT', body: saying('good') })

    expect(answer.status).toBe(200)
    const word = await answer.json() as PartWord
    expect(word).toMatchObject({ label: 'good', product: 'light-guide-plate', partId: part.record.partId, by: 'engineer', keptBy: 'buffer' })
    expect(Buffer.from((await decodeImage(kept.get(word.picture)!.picture)).data).equals(part.frame.pixels())).toBe(true)
    for (const browser of [one, other]) {
      await browser.until(() => browser.of('word').length === 1)
      expect(browser.of('word')[0]).toMatchObject({ line: '라인 1', eventId: part.record.eventId, word })
      browser.validate()
    }
    expect(said).toMatchObject([{ line: '라인 1', withdrawn: false, record: part.record }])

    const takenBack = await ask(url, '라인 1', `parts/${part.record.eventId}/word`, { method: 'DELETE' })
    expect(validate('live', await takenBack.json())).toEqual({ schema: 'goodparts.live/1', kind: 'withdrawn', learned: 'in-model' })
    await other.until(() => other.of('word').at(-1)?.word === null)
    expect([...kept.keys()]).toEqual([])
    expect(said.map(({ withdrawn }) => withdrawn)).toEqual([false, true])
    expect((await ask(url, '라인 1', `parts/${part.record.eventId}/word`, { method: 'DELETE' })).status).toBe(404)
  })

  it('and the picture that it needs are there again after a restart', async () => {
    const first = await start()
    const line = await openSampleLine('a')
    const [part, another] = [line.nextReject(), line.nextReject()]
    const browser = await browse(first.url)
    for (const one of [part, another]) first.server.publish(one)
    await browser.until(() => browser.of('kept').length === 2)
    expect((await ask(first.url, 'a', `parts/${part.record.eventId}/word`, { method: 'PUT', body: saying('scratch') })).status).toBe(200)
    browser.close()
    await first.server.stop()

    const { url } = await start()
    const later = await browse(url)
    const state = (): object | undefined => later.messages.flatMap((message) => message.kind === 'hello' ? message.lines : message.kind === 'line' ? [message.state] : []).at(-1)
    await later.until(() => Object.keys((state() as { words?: object } | undefined)?.words ?? {}).length > 0)
    expect(state()).toMatchObject({ words: { [part.record.eventId]: { label: 'scratch', keptBy: null } } })
    expect((await ask(url, 'a', `parts/${another.record.eventId}/word`, { method: 'PUT', body: saying('good') })).status).toBe(200)
  })

  it('that is delivered again changes nothing where another was said since, over a restart, or where it was taken back', async () => {
    const kept = new Map<string, { label: string }>()
    const learning = new LearningLines()
    learning.attach('', buffer(kept))
    const said: string[] = []
    const first = await start({ learning, onSaid: ({ word }) => { said.push(word.label) } })
    const browser = await browse(first.url)
    const part = (await openSampleLine('a')).nextReject()
    const { eventId } = part.record
    first.server.publish(part)
    await browser.until(() => browser.of('kept').length === 1)
    const record = { who: 'node:live', wordId: 'labels/0/7' }
    await first.server.say('a', eventId, 'scratch', record)
    expect((await ask(first.url, 'a', `parts/${eventId}/word`, { method: 'PUT', body: saying('good') })).status).toBe(200)
    await first.server.say('a', eventId, 'scratch', record)
    expect(said).toEqual(['scratch', 'good'])
    expect([...kept.values()]).toMatchObject([{ label: 'good' }])
    browser.close()
    await first.server.stop()

    const { server, url } = await start({ learning, onSaid: ({ word, withdrawn }) => { said.push(withdrawn ? 'withdrawn' : word.label) } })
    const later = await browse(url)
    await later.until(() => later.messages.some((message) => JSON.stringify(message).includes(eventId)))
    await server.say('a', eventId, 'scratch', record)
    expect(said).toEqual(['scratch', 'good'])
    expect((await ask(url, 'a', `parts/${eventId}/word`, { method: 'DELETE' })).status).toBe(200)
    await server.say('a', eventId, 'scratch', record)
    expect(said).toEqual(['scratch', 'good', 'withdrawn'])
    await server.say('a', eventId, 'dent', { who: 'node:live', wordId: 'labels/0/8' })
    expect(said.at(-1)).toBe('dent')
    expect([...kept.values()]).toMatchObject([{ label: 'dent' }])
  })

  it('is in the audit log with its role before it is kept, and is not kept without', async () => {
    const kept = new Map<string, { picture: Uint8Array }>()
    const path = join(folder, 'audit.sqlite')
    const audit = new AuditLog({ path })
    open.push(audit)
    const learning = new LearningLines({ audit })
    const atKeeping: object[] = []
    const { keep, ...rest } = buffer(kept)
    learning.attach('', {
      ...rest,
      keep: async (...values) => {
        atKeeping.push(...readAudit(path))
        return keep(...values)
      }
    })
    const { server, url } = await start({ learning, tokens: { operator: 'o', engineer: 'e' } })
    const browser = await browse(url, 'o')
    const part = (await openSampleLine('a')).nextReject()
    server.publish(part)
    await browser.until(() => browser.of('kept').length === 1)
    const say = async (method: string, token: string): Promise<Response> => ask(url, 'a', `parts/${part.record.eventId}/word`, { method, token, ...(method === 'PUT' ? { body: saying('scratch') } : {}) })

    const { picture } = await (await say('PUT', 'o')).json() as PartWord
    expect(atKeeping).toMatchObject([{ who: 'role:operator', line: 'a', kind: 'label', details: { label: 'scratch', eventId: part.record.eventId, sha256: picture } }])
    expect((await say('DELETE', 'e')).status).toBe(200)
    expect(readAudit(path).slice(1)).toMatchObject([{ who: 'role:engineer', line: 'a', kind: 'label-withdrawn', details: { label: 'scratch', sha256: picture } }])

    await audit.close()
    expect((await say('PUT', 'o')).status).toBeGreaterThanOrEqual(500)
    expect(kept.size).toBe(0)
  })

  it('of a good part needs that somebody with the right to say it sees it', async () => {
    const { server, url } = await start({ tokens: { viewer: 'v', operator: 'o' } })
    const part = (await openSampleLine('a')).next()
    part.record.verdict = 'good'
    const hold = async (): Promise<Response> => ask(url, 'a', `parts/${part.record.eventId}/hold`, { token: 'o' })
    const viewer = await browse(url, 'v')
    server.publish(part)
    await viewer.until(() => viewer.packets.length === 1)
    expect((await hold()).status).toBe(404)

    const operator = await browse(url, 'o')
    await operator.until(() => operator.packets.length === 1)
    const held = await hold()
    expect(held.status).toBe(200)
    expect(await held.json() as KeptEntry).toMatchObject({ line: 'a', record: part.record })
    await viewer.until(() => viewer.of('kept').length === 1)
    expect((await ask(url, 'a', `parts/${part.record.eventId}/word`, { method: 'PUT', token: 'o', body: saying('scratch') })).status).toBe(200)
  })

  it('waits for no other line, whose replay buffer is held up', async () => {
    const learning = new LearningLines()
    const [slow, kept] = [buffer(new Map()), new Map<string, unknown>()]
    let go: () => void = () => {}
    const held = new Promise<void>((resolve) => { go = resolve })
    learning.attach('a', { ...slow, keep: async (...values) => held.then(async () => slow.keep(...values)) })
    learning.attach('b', buffer(kept))
    const { server, url } = await start({ learning })
    const browser = await browse(url)
    const [a, b] = [(await openSampleLine('a')).nextReject(), (await openSampleLine('b')).nextReject()]
    for (const part of [a, b]) server.publish(part)
    await browser.until(() => browser.of('kept').length === 2)
    const say = async (line: string, eventId: string): Promise<number> => (await ask(url, line, `parts/${eventId}/word`, { method: 'PUT', body: saying('scratch') })).status

    const first = say('a', a.record.eventId)
    expect(await say('b', b.record.eventId)).toBe(200)
    expect(kept.size).toBe(1)
    await browser.until(() => browser.of('word').length > 0)
    expect(browser.of('word').map(({ line }) => line)).toEqual(['b'])
    go()
    expect(await first).toBe(200)
  })

  it('is refused to viewers, to strangers, to other sites, and when it says nothing', async () => {
    const { server, url } = await start({ tokens: { viewer: 'v', operator: 'o' } })
    const part = (await openSampleLine('a')).nextReject()
    const browser = await browse(url, 'v')
    server.publish(part)
    await browser.until(() => browser.of('kept').length === 1)
    const path = `parts/${part.record.eventId}/word`
    const put = async (asked: Asked): Promise<number> => (await ask(url, 'a', path, { method: 'PUT', body: saying('good'), ...asked })).status

    expect(await put({})).toBe(401)
    expect(await put({ token: 'v' })).toBe(403)
    expect(await put({ token: 'o', headers: { 'Sec-Fetch-Site': 'cross-site' } })).toBe(403)
    expect(await put({ token: 'o', body: saying('') })).toBe(400)
    expect(await put({ token: 'o', body: saying('a/b') })).toBe(400)
    expect(await put({ token: 'o', body: saying('remove') })).toBe(404)
    expect(await put({ token: 'o', body: { kind: 'watch' } })).toBe(400)
    const blunt = await ask(url, 'a', path, { method: 'PUT', token: 'o', body: { label: 'good' } })
    expect(blunt.status).toBe(400)
    expect(await blunt.text()).toContain('kind: \\"say\\", got none')
    expect((await ask(url, 'a', 'parts/nobody/word', { method: 'PUT', token: 'o', body: saying('good') })).status).toBe(404)
    expect(browser.of('word')).toEqual([])
  })
})

describe('parts on the screen', () => {
  it('are remembered while few, each line at least its last three', async () => {
    const shown = new ShownParts(1)
    const [a, b] = [await openSampleLine('a'), await openSampleLine('b')]
    const parts = [...Array.from({ length: 5 }, () => a.next()), b.next()].map((part, packet) => ({ ...part, packet }))
    for (const part of parts) shown.remember(part)
    expect(parts.map(({ line, record }) => shown.find(line, record.eventId) !== undefined)).toEqual([false, false, true, true, true, true])
    shown.forget('a')
    expect(shown.find('a', parts[4]!.record.eventId)).toBeUndefined()
  })
})
