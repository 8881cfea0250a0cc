/** Explanations that people ask for, from the request to the page. The methods themselves are tested with the heatmap node. */
import { afterEach, describe, expect, it } from 'vitest'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import type { LiveExplanations } from '../../schemas/live.ts'
import { Browser } from './browser.ts'
import { found, HeldExplainer } from './held-explainer.ts'
import { openSampleLine } from './sample-line.ts'

const open: Array<{ close: () => unknown }> = []

async function start (options: LiveServerOptions = {}): Promise<{ server: LiveServer, url: string }> {
  const server = new LiveServer({ port: 0, ...options })
  const { url } = await server.start()
  open.push({ close: async () => { await server.stop() } })
  return { server, url }
}

async function browse (url: string, token?: string): Promise<Browser> {
  const browser = await Browser.open(url, token)
  open.push(browser)
  return browser
}

const path = (line: string, eventId: string): string => `api/lines/${encodeURIComponent(line)}/explanations/${encodeURIComponent(eventId)}`

async function ask (url: string, line: string, eventId: string, { methods = [], token }: { methods?: string[], token?: string } = {}): Promise<{ status: number, code: string | undefined }> {
  const answer = await fetch(new URL(path(line, eventId), url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ schema: 'goodparts.live/1', kind: 'explain', methods })
  })
  return { status: answer.status, code: answer.status === 202 ? undefined : (await answer.json() as { code: string }).code }
}

async function explanations (url: string, line: string, eventId: string): Promise<LiveExplanations> {
  return await (await fetch(new URL(path(line, eventId), url))).json() as LiveExplanations
}

afterEach(async () => { for (const one of open.splice(0).reverse()) await one.close() })

describe('an explanation that somebody asks for', () => {
  it('is made of the very pixels that were judged, is said to be on its way, and reaches every browser', async () => {
    const explainer = new HeldExplainer()
    const { server, url } = await start()
    const [one, other] = [await browse(url), await browse(url)]
    const part = (await openSampleLine('라인 1')).nextReject()
    server.publish({ ...part, explainer, explaining: 'queue-full' })
    await one.until(() => one.of('kept').length === 1)
    expect(await explanations(url, '라인 1', part.record.eventId)).toEqual({ state: 'queue-full', methods: [], without: [], evidence: null, asked: [], offer: { usual: ['layer-cam'], methods: ['grad-cam', 'layer-cam', 'sise'], obstacle: null } })

    expect(await ask(url, '라인 1', part.record.eventId)).toMatchObject({ status: 202 })
    await other.until(() => other.of('explained').length === 1)
    expect(await explanations(url, '라인 1', part.record.eventId)).toMatchObject({ state: 'explaining', asked: ['layer-cam'] })
    expect(Buffer.from((await decodeImage(explainer.asked[0]!.picture)).data).equals(part.frame.pixels())).toBe(true)
    explainer.asked[0]!.resolve(found('layer-cam'))
    await other.until(() => other.of('explained').length === 2)
    expect(await explanations(url, '라인 1', part.record.eventId)).toMatchObject({ state: 'explained', asked: [], methods: [{ method: 'layer-cam', map: { height: 2 } }] })

    expect(await ask(url, '라인 1', part.record.eventId, { methods: ['sise'] })).toMatchObject({ status: 202 })
    expect(await explanations(url, '라인 1', part.record.eventId)).toMatchObject({ state: 'explained', asked: ['sise'] })
    explainer.asked[1]!.reject(new GoodpartsError('GOODPARTS_QUEUE_FULL', 'too many'))
    await one.until(() => one.of('explained').length === 4)
    expect(await explanations(url, '라인 1', part.record.eventId)).toMatchObject({ state: 'explained', asked: [], methods: [{ method: 'layer-cam' }], without: [{ method: 'sise', reason: 'too many', code: 'GOODPARTS_QUEUE_FULL' }] })
    one.validate()
  })

  it('is one of a part at a time and a few of a line', async () => {
    const explainer = new HeldExplainer()
    const { server, url } = await start()
    const browser = await browse(url)
    const line = await openSampleLine('a')
    const parts = Array.from({ length: 5 }, () => line.nextReject())
    for (const part of parts) server.publish({ ...part, explainer })
    await browser.until(() => browser.of('kept').length === 5)
    const [first, , , , fifth] = parts.map(({ record: { eventId } }) => eventId) as [string, string, string, string, string]

    for (const { record: { eventId } } of parts.slice(0, 4)) expect((await ask(url, 'a', eventId)).status).toBe(202)
    expect(await ask(url, 'a', first, { methods: ['sise'] })).toEqual({ status: 503, code: 'GOODPARTS_QUEUE_FULL' })
    expect(await ask(url, 'a', fifth)).toEqual({ status: 503, code: 'GOODPARTS_QUEUE_FULL' })
    explainer.asked[0]!.resolve(found('layer-cam'))
    await browser.until(() => browser.of('explained').length === 5)
    expect((await ask(url, 'a', fifth)).status).toBe(202)
  })

  it('is refused with the reason where nobody can explain the part, and for a method that is not offered', async () => {
    const explainer = new HeldExplainer()
    const { server, url } = await start()
    const browser = await browse(url)
    const line = await openSampleLine('a')
    const part = line.nextReject()
    server.publish(part)
    await browser.until(() => browser.of('kept').length === 1)
    const { record: { eventId } } = part
    expect((await explanations(url, 'a', eventId)).offer).toEqual({ usual: [], methods: [], obstacle: 'no-explainer' })
    expect(await ask(url, 'a', eventId)).toEqual({ status: 409, code: 'GOODPARTS_EXPLANATION_FAILED' })

    server.publish({ ...line.nextReject(), explainer })
    expect((await explanations(url, 'a', 'another')).offer.obstacle).toBe('gone')
    expect(await ask(url, 'a', 'another')).toEqual({ status: 404, code: 'GOODPARTS_PART_GONE' })
    expect(await ask(url, 'a', eventId, { methods: ['sise', 'tarot'] })).toEqual({ status: 400, code: 'GOODPARTS_SCHEMA_INVALID' })
    explainer.obstacleNow = 'another-model'
    expect((await explanations(url, 'a', eventId)).offer).toEqual({ usual: [], methods: [], obstacle: 'another-model' })
    expect(await ask(url, 'a', eventId)).toEqual({ status: 409, code: 'GOODPARTS_EXPLANATION_FAILED' })
    expect(explainer.asked).toEqual([])
    explainer.obstacleNow = null
    expect((await ask(url, 'a', eventId)).status).toBe(202)
  })

  it('that a deploy ends says so, and so does the part until another node explains or the line goes on without', async () => {
    const explainer = new HeldExplainer()
    const { server, url } = await start()
    const browser = await browse(url)
    const line = await openSampleLine('a')
    const part = line.nextReject()
    server.publish({ ...part, explainer })
    await browser.until(() => browser.of('kept').length === 1)
    const { record: { eventId } } = part
    expect((await ask(url, 'a', eventId, { methods: ['sise'] })).status).toBe(202)

    explainer.obstacleNow = 'set-up-anew'
    explainer.asked[0]!.reject(new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', 'Expected the explanation process to answer: it ended with SIGKILL'))
    await browser.until(() => browser.of('explained').length === 2)
    expect(await explanations(url, 'a', eventId)).toMatchObject({ without: [{ method: 'sise', reason: 'the line was set up anew, ask again' }], offer: { obstacle: 'set-up-anew' } })
    expect(await ask(url, 'a', eventId)).toEqual({ status: 409, code: 'GOODPARTS_EXPLANATION_FAILED' })
    const { frame } = line.nextReject()
    server.publish({ line: 'a', frame })
    expect((await explanations(url, 'a', eventId)).offer.obstacle).toBe('set-up-anew')

    const next = new HeldExplainer()
    server.publish({ ...line.nextReject(), explainer: next })
    expect((await explanations(url, 'a', eventId)).offer.obstacle).toBeNull()
    server.publish(line.nextReject())
    expect((await explanations(url, 'a', eventId)).offer.obstacle).toBeNull()
    next.obstacleNow = 'set-up-anew'
    server.publish(line.nextReject())
    expect((await explanations(url, 'a', eventId)).offer.obstacle).toBe('no-explainer')
  })

  it('needs a token where the server has one, of whatever role', async () => {
    const { server, url } = await start({ tokens: { viewer: 'v', operator: 'o' } })
    const browser = await browse(url, 'v')
    const part = (await openSampleLine('a')).nextReject()
    server.publish({ ...part, explainer: new HeldExplainer() })
    await browser.until(() => browser.of('kept').length === 1)

    expect((await ask(url, 'a', part.record.eventId)).status).toBe(401)
    expect((await ask(url, 'a', part.record.eventId, { token: 'v' })).status).toBe(202)
  })

  it('is forgotten where its line has left the page meanwhile', async () => {
    const explainer = new HeldExplainer()
    const memory = new PageMemory()
    const { server, url } = await start({ memory })
    const browser = await browse(url)
    const part = (await openSampleLine('a')).nextReject()
    server.publish({ ...part, explainer })
    await browser.until(() => browser.of('kept').length === 1)
    expect((await ask(url, 'a', part.record.eventId)).status).toBe(202)

    memory.drop('a')
    explainer.asked[0]!.resolve(found('layer-cam'))
    await expect.poll(async () => (await explanations(url, 'a', part.record.eventId)).asked).toEqual([])

    expect(memory.explanations.of('a', part.record.eventId).state).toBe('none')
    expect(server.statistics()).toEqual([])
  })
})
