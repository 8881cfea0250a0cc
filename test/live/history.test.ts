import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeptEntry } from '../../schemas/live.ts'
import type { GoodpartsError } from '../../engine/errors.ts'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import type { HistoryEntry } from '../../engine/store/history-table.ts'
import { decodePacket } from '../../viewer/packet.ts'
import { Browser } from './browser.ts'
import { openSampleLine } from './sample-line.ts'

let folder: string
let open: LiveServer[]

async function start (options: LiveServerOptions = {}): Promise<{ server: LiveServer, url: string }> {
  const server = new LiveServer({ port: 0, history: { path: join(folder, 'live.sqlite') }, ...options })
  open.push(server)
  return { server, ...await server.start() }
}

async function answer<T> (url: string, path: string): Promise<T> {
  return await (await fetch(new URL(path, url))).json() as T
}

/** The rejects of a line as a browser knows them now. */
function rejectsOf (browser: Browser, line: string): KeptEntry[] {
  const states = browser.messages.flatMap((message) => message.kind === 'hello' ? message.lines : message.kind === 'line' ? [message.state] : [])
  return states.findLast((state) => state.line === line)?.kept.filter(({ record }) => record.verdict === 'reject') ?? []
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-live-history-'))
  open = []
})

afterEach(async () => {
  await Promise.all(open.map(async (server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

describe('a history', () => {
  it('brings the rejects of a line back after a restart, also those on their way when it stopped, before the line says anything', async () => {
    const first = await start()
    const line = await openSampleLine('라인 1')
    const parts = [0, 1, 2].map(() => line.nextReject())
    for (const part of parts) first.server.publish(part)
    await first.server.stop()

    const { url } = await start()
    const browser = await Browser.open(url)
    await browser.until(() => rejectsOf(browser, '라인 1').length === 3)
    expect(rejectsOf(browser, '라인 1').map(({ record }) => record).reverse()).toEqual(parts.map(({ record }) => record))
    const kept = await fetch(new URL(`api/packets/${rejectsOf(browser, '라인 1')[0]!.sha256}`, url))
    const packet = decodePacket(await kept.arrayBuffer())
    expect(packet.header).toMatchObject({ line: '라인 1', record: parts[2]!.record, map: { height: 56, width: 56 } })
    expect(packet.jpeg.byteLength).toBe(packet.header.jpegBytes)
    browser.validate()
    browser.close()
  })

  it('does not bring back a line of long ago until it speaks', async () => {
    const line = await openSampleLine('a')
    const part = line.nextReject()
    const old = new Date(Date.now() - 8 * 24 * 3600 * 1000).toISOString()
    const first = await start()
    first.server.publish({ ...part, record: { ...part.record, times: { ...part.record.times, scored: old } } })
    await first.server.stop()

    const { server, url } = await start()
    const browser = await Browser.open(url)
    expect(await answer<unknown[]>(url, 'api/lines/a/history')).toHaveLength(1)
    expect(server.statistics()).toEqual([])
    server.publish(line.next())
    await browser.until(() => rejectsOf(browser, 'a').length === 1)
    browser.close()
  })

  it('brings back only lines that somebody claims, where lines are claimed, and others as soon as somebody does', async () => {
    const first = await start()
    for (const name of ['shown', 'renamed']) first.server.publish((await openSampleLine(name)).nextReject())
    await first.server.stop()

    const memory = new PageMemory({ areLinesClaimed: true })
    const claims = (...names: string[]): void => { memory.settle(new Map([['node', { named: new Set(names), isOpen: false }]])) }
    claims('shown')
    const { url } = await start({ memory })
    const browser = await Browser.open(url)
    await browser.until(() => rejectsOf(browser, 'shown').length === 1)
    expect(await answer<unknown[]>(url, 'api/lines/renamed/history')).toHaveLength(1)
    claims('renamed')
    await browser.until(() => rejectsOf(browser, 'renamed').length === 1)
    expect(browser.of('line-removed').map(({ line }) => line)).toEqual(['shown'])
    expect(browser.of('line').filter(({ state }) => state.line === 'renamed').map(({ state }) => state.kept.length)[0]).toBe(0)
    browser.validate()
    browser.close()
  })

  it('keeps reviews too, under the name of the line on the page, and serves all pages of them', async () => {
    const { server, url } = await start({ memory: new PageMemory({ bounds: { entriesPerLine: 1, bytes: 64 << 20 } }) })
    const line = await openSampleLine('a')
    const browser = await Browser.open(url)
    for (let i = 1; i <= 4; i++) {
      const part = line.nextReject()
      server.publish({ ...part, line: 'page name', record: { ...part.record, verdict: i === 1 ? 'review' : 'reject' } })
      if (i > 1) await browser.until(() => browser.of('kept').length === i - 1)
    }
    browser.close()
    await server.stop()

    const again = await start({ memory: new PageMemory({ bounds: { entriesPerLine: 1, bytes: 64 << 20 } }) })
    const kept = await answer<HistoryEntry[]>(again.url, 'api/lines/page%20name/history')
    expect(kept.map(({ record }) => record.verdict)).toEqual(['reject', 'reject', 'reject', 'review'])
    for (const [path, status, code] of [['nobody/history', 404, 'GOODPARTS_PART_GONE'], ['nobody/rejects', 404, 'GOODPARTS_PART_GONE'], ['page%20name/history?before=abc', 400, 'GOODPARTS_SCHEMA_INVALID'], ['page%20name/history?before=', 400, 'GOODPARTS_SCHEMA_INVALID']] as const) {
      const refused = await fetch(new URL(`api/lines/${path}`, again.url))
      expect([path, refused.status, await refused.json()]).toMatchObject([path, status, { code, fix: expect.any(String) as string }])
    }
    const older = await answer<HistoryEntry[]>(again.url, `api/lines/page%20name/history?before=${kept[2]!.position}`)
    expect(older).toEqual(kept.slice(3))
    expect((await fetch(new URL(`api/packets/${older[0]!.sha256}`, again.url))).status).toBe(200)
    expect((await fetch(new URL('api/lines/a/history', again.url))).status).toBe(404)
  })

  it('takes what it can of a burst without waiting, and counts the rest', async () => {
    const { server } = await start()
    const line = await openSampleLine('a', { parts: 2 })
    for (let i = 0; i < 50; i++) server.publish(line.nextReject())
    const ledgers = new Map(allLedgers().map((ledger) => [ledger.hop, ledger]))
    expect(ledgers.get('live/kept')).toMatchObject({ in: 50, out: 0, dropped: { busy: 42 }, inFlight: 8 })
    await server.stop()
    const { url } = await start()
    expect(await answer<unknown[]>(url, 'api/lines/a/history')).toHaveLength(8)
  })

  it('that cannot be written is told once, and the page goes on from memory', async () => {
    const told: Array<GoodpartsError | null> = []
    writeFileSync(join(folder, 'file'), '')
    const { server, url } = await start({ history: { path: join(folder, 'file', 'live.sqlite'), onTrouble: (problem) => { told.push(problem) } } })
    const line = await openSampleLine('a')
    const browser = await Browser.open(url)
    for (let i = 1; i <= 3; i++) {
      server.publish(line.nextReject())
      await browser.until(() => browser.of('kept').length === i)
    }
    expect((await fetch(new URL(`api/packets/${browser.of('kept')[0]!.entry.sha256}`, url))).status).toBe(200)
    expect((await fetch(new URL(`api/packets/${'0'.repeat(64)}`, url))).status).toBe(503)
    browser.close()
    await server.stop()
    expect(told).toEqual([expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED' }) as unknown])
  })
})
