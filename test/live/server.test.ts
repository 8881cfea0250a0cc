import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import { decodePacket } from '../../viewer/packet.ts'
import { inspection } from '../publish/fixtures.ts'
import { Browser, ticketFor } from './browser.ts'
import { openSampleLine } from './sample-line.ts'

const open: LiveServer[] = []
const browsers: Browser[] = []

async function start (options: LiveServerOptions = {}): Promise<{ server: LiveServer, url: string, port: number }> {
  const server = new LiveServer({ port: 0, ...options })
  open.push(server)
  return { server, ...await server.start() }
}

async function browse (url: string, token?: string): Promise<Browser> {
  const browser = await Browser.open(url, token)
  browsers.push(browser)
  return browser
}

async function metric (url: string, name: string): Promise<number> {
  const text = await (await fetch(new URL('metrics', url))).text()
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').at(-1))
}

/** Status of the answer to a websocket's upgrade, 101 when it opens. */
async function upgradeStatus (url: string, ticket: string): Promise<number> {
  const socket = new WebSocket(new URL(`ws?ticket=${ticket}`, url.replace('http', 'ws')))
  return await new Promise((resolve) => {
    socket.on('open', () => { socket.terminate(); resolve(101) })
    socket.on('unexpected-response', (request, response) => { request.destroy(); resolve(response.statusCode ?? 0) })
    socket.on('error', () => {})
  })
}

afterEach(async () => {
  browsers.splice(0).forEach((browser) => { browser.close() })
  await Promise.all(open.splice(0).map(async (server) => server.stop()))
})

describe('coming in', () => {
  it('takes a ticket, which is good for one socket', async () => {
    const { url } = await start()
    const ticket = await ticketFor(url)
    expect(await upgradeStatus(url, ticket)).toBe(101)
    expect(await upgradeStatus(url, ticket)).toBe(401)
    expect(await upgradeStatus(url, '')).toBe(401)
  })

  it('takes the token where one is set, for tickets, pictures and metrics alike', async () => {
    const { url } = await start({ tokens: { viewer: 'see', engineer: 'do' } })
    for (const [path, method] of [['api/tickets', 'POST'], ['metrics', 'GET'], ['api/lines/a/rejects', 'GET'], [`api/packets/${'0'.repeat(64)}`, 'GET']]) {
      for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
        const answer = await fetch(new URL(path ?? '', url), { method: method ?? '', headers })
        expect(answer.status).toBe(401)
        expect(await answer.json()).toMatchObject({ code: 'GOODPARTS_FORBIDDEN', message: expect.stringMatching(/^Expected the token/) as string })
      }
    }
    expect((await browse(url, 'see')).of('hello')[0]?.role).toBe('viewer')
    expect((await browse(url, 'do')).of('hello')[0]?.role).toBe('engineer')
    expect((await fetch(new URL('health', url))).status).toBe(200)
  })

  it('lets nobody guess tokens faster than ten a second', async () => {
    let now = Date.now()
    const { url } = await start({ tokens: { viewer: 'see' }, now: () => now })
    const ask = async (token: string): Promise<number> => (await fetch(new URL('api/tickets', url), { method: 'POST', headers: { Authorization: `Bearer ${token}` } })).status
    for (let guess = 0; guess < 10; guess++) expect(await ask(String(guess))).toBe(401)
    expect([await ask('again'), await ask('see')]).toEqual([429, 429])
    expect((await fetch(new URL('health', url))).status).toBe(200)
    now += 1000
    expect(await ask('see')).toBe(200)
  })

  it('is closed to another site that calls this machine by its own name', async () => {
    const { port } = await start()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { Host: 'evil.example' } })
    const status = await new Promise((resolve) => { socket.on('unexpected-response', (request, response) => { request.destroy(); resolve(response.statusCode) }).on('error', () => {}) })
    expect(status).toBe(421)
  })

  it('ends for a browser that does not keep to the protocol', async () => {
    const { url } = await start()
    for (const nonsense of ['no json', '{"schema":"goodparts.live/1","kind":"watch"}', '{"schema":"goodparts.live/1","kind":"line-removed","line":"a"}', Buffer.from([1])]) {
      const browser = await browse(url)
      const closed = new Promise((resolve) => { browser.socket.on('close', resolve) })
      browser.socket.send(nonsense)
      expect(await closed).toBe(1008)
    }
  })
})

describe('listening', () => {
  it('beyond this machine needs a token or TLS', async () => {
    expect(() => new LiveServer({ host: '0.0.0.0' })).toThrow(expect.objectContaining({ code: 'GOODPARTS_FORBIDDEN' }) as Error)
    const { port } = await start({ host: '0.0.0.0', tokens: { viewer: 'see' } })
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  })

  it('with a certificate speaks TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodparts-tls-'))
    try {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder, stdio: 'ignore' })
      const { port, url } = await start({ host: '0.0.0.0', tls: { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) } })
      expect(url).toMatch(/^https:/)
      const socket = new WebSocket(`wss://127.0.0.1:${port}/ws?ticket=none`, { rejectUnauthorized: false })
      expect(await new Promise((resolve) => { socket.on('unexpected-response', (request, response) => { request.destroy(); resolve(response.statusCode) }) })).toBe(401)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('on a port in use fails with the port and a way out', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => other.listen(0, '127.0.0.1', () => { resolve((other.address() as { port: number }).port) }))
    await expect(new LiveServer({ port }).start()).rejects.toMatchObject({ code: 'GOODPARTS_LIVE_FAILED', retriable: true, message: expect.stringContaining(String(port)) as string, fix: expect.any(String) as string })
    await new Promise((resolve) => other.close(resolve))
  })

  it('stops soon, even with a browser that has stopped reading, and leaves no ledger', async () => {
    const { server, url } = await start()
    const browser = await browse(url)
    browser.socket.pause()
    await server.stop()
    expect(server.url).toBeUndefined()
    expect(allLedgers().filter(({ hop }) => hop.startsWith('live/'))).toEqual([])
  })
})

describe('a line', () => {
  it('reaches a browser: picture, map, record, reject, and the same again for one that comes later', async () => {
    const { server, url } = await start()
    const line = await openSampleLine('라인 1')
    const browser = await browse(url)
    const part = line.nextReject()
    server.publish(part)
    await browser.until(() => browser.packets.length === 1 && browser.of('kept').length === 1)

    const packet = browser.packets[0]
    expect(packet?.header).toMatchObject({ line: '라인 1', frame: { id: part.frame.id }, record: { verdict: 'reject' }, map: { height: 56, width: 56 } })
    expect(await decodeImage(packet?.jpeg ?? new Uint8Array())).toMatchObject({ width: part.frame.width, height: part.frame.height })
    expect(browser.of('verdict').map(({ record }) => record)).toEqual([part.record])

    const later = await browse(url)
    await later.until(() => later.packets.length === 1)
    const state = later.of('hello')[0]?.lines[0]
    expect(state).toMatchObject({ line: '라인 1', counts: { reject: 1 }, limits: part.record.limits, points: [{ score: part.record.score }] })
    const kept = await fetch(new URL(`api/packets/${state?.kept[0]?.sha256 ?? ''}`, url))
    expect(decodePacket(await kept.arrayBuffer()).header.record).toEqual(part.record)
    browser.validate()
    later.validate()
  })

  it('shows frames without verdict, but not between verdicts', async () => {
    const { server, url } = await start({ framesPerSecond: 1000 })
    const line = await openSampleLine('a')
    const browser = await browse(url)
    const { frame } = line.next()
    server.publish({ line: 'a', frame })
    await browser.until(() => browser.packets.length === 1)
    expect(browser.packets[0]?.header).toMatchObject({ record: null, map: null })
    server.publish(line.next())
    server.publish({ line: 'a', frame: line.next().frame })
    expect(server.statistics()[0]?.counts.good).toBe(1)
    expect(allLedgers().find(({ hop }) => hop === 'live/lines')).toMatchObject({ in: 3, out: 2, dropped: { 'between-verdicts': 1 }, inFlight: 0 })
    await browser.until(() => browser.packets.length === 2)
    expect(browser.packets[1]?.header.record).not.toBeNull()
  })

  it('tells notices to those who are there and to those who come, and goes when nobody shows it any more', async () => {
    const memory = new PageMemory({ areLinesClaimed: true })
    memory.claim('node', 'a')
    const { server, url } = await start({ memory })
    const browser = await browse(url)
    server.notice('a', { kind: 'fit-progress', stage: 'collect', done: 3, total: 60, text: '3 of 60' })
    await browser.until(() => browser.of('notice').length === 1)
    const later = await browse(url)
    expect(later.of('hello')[0]?.lines[0]?.fit).toEqual(browser.of('notice')[0]?.notice)
    memory.settle(new Map())
    await later.until(() => later.of('line-removed').length === 1)
    expect(server.statistics()).toEqual([])
    browser.validate()
  })

  it('that rests shows its newest picture to a browser that turns to it', async () => {
    const { server, url } = await start()
    const browser = await browse(url)
    browser.send({ schema: 'goodparts.live/1', kind: 'watch', lines: [], framesPerSecond: 10 })
    await browser.until(() => browser.of('statistics').length > 0)
    server.publish((await openSampleLine('a')).next())
    await browser.until(() => browser.of('verdict').length === 1)
    browser.send({ schema: 'goodparts.live/1', kind: 'watch', lines: ['a'], framesPerSecond: 10 })
    await browser.until(() => browser.packets.length === 1)
    expect(browser.packets[0]?.header.line).toBe('a')
  })

  it('encodes nothing while nobody watches, except its rejects', async () => {
    const { server, url } = await start()
    const line = await openSampleLine('a')
    let encoded = 0
    for (let i = 0; i < 20; i++) {
      const part = line.next()
      const toJpeg = part.frame.toJpeg.bind(part.frame)
      part.frame.toJpeg = async (quality) => { encoded++; return toJpeg(quality) }
      part.record.verdict = 'good'
      server.publish(part)
    }
    expect(encoded).toBe(0)
    const browser = await browse(url)
    await browser.until(() => browser.packets.length === 1)
    expect(encoded).toBe(1)
  })

  it('cannot fill the memory with names', async () => {
    const memory = new PageMemory({ areLinesClaimed: true })
    const { server, url } = await start({ memory })
    const taken = Array.from({ length: 2000 }, (_, i) => server.publish({ line: `part ${i}`, record: inspection(i) }))
    expect(taken.filter(Boolean)).toHaveLength(64)
    expect(server.notice('another', { kind: 'fit-progress', stage: 'collect', done: 3, total: 60, text: '3 of 60' })).toBe(false)
    expect(server.statistics()).toHaveLength(64)
    const text = await (await fetch(new URL('metrics', url))).text()
    expect(new Set([...text.matchAll(/ line="([^"]*)"|\{line="([^"]*)"/g)].map(([, later, first]) => later ?? first))).toHaveLength(64)
    expect(text).toContain('goodparts_verdicts_total{line="part 63"')
    expect(text).not.toContain('part 64')
    expect(text).toContain('goodparts_hop_dropped_total{hop="live/lines",reason="too-many-lines"} 1937')

    memory.settle(new Map())
    expect(await (await fetch(new URL('metrics', url))).text()).not.toContain('line="')
    expect(server.publish({ line: 'part 64', record: inspection(64) })).toBe(true)
  })
})

describe('browsers of different speed', () => {
  it('each get what they can show: one all frames, one that does not answer two', async () => {
    const { server, url } = await start({ framesPerSecond: 1000 })
    const line = await openSampleLine('a')
    const fast = await browse(url)
    const slow = await browse(url)
    slow.answers = false
    for (let i = 1; i <= 40; i++) {
      const part = line.next()
      part.record.verdict = 'good'
      server.publish(part)
      await fast.until(() => fast.packets.length === i)
    }
    expect(fast.packets.map(({ header }) => header.packet)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(slow.packets).toHaveLength(2)
    const last = slow.packets[1]
    if (last !== undefined) slow.answer(last)
    await slow.until(() => slow.packets.length === 3)
    expect(slow.packets[2]?.header.packet).toBe(39)

    await Promise.all([fast, slow].map(async (browser) => browser.until(() => browser.of('statistics').some(({ delivery }) => delivery.in === 40))))
    expect(fast.of('statistics').at(-1)?.delivery).toMatchObject({ in: 40, out: 40, dropped: {}, inFlight: 0 })
    const { in: entered, out, dropped, inFlight } = slow.of('statistics').at(-1)?.delivery ?? { in: 0, out: 0, dropped: {}, inFlight: 0 }
    expect(entered).toBe(out + inFlight + Object.values(dropped).reduce((sum, n) => sum + n, 0))
  })

  it('lose records only when they stop reading, and every lost one is counted', async () => {
    const { server, url } = await start()
    const fast = await browse(url)
    const paused = await browse(url)
    paused.socket.pause()
    const before = process.memoryUsage()
    const published = 24_000
    for (let i = 0; i < published; i++) {
      server.publish({ line: 'a', record: inspection(i) })
      if (i % 50 === 0) await fast.until(() => fast.of('verdict').length > i - 500)
      if (i % 10 === 0) await nextTurn()
    }
    await fast.until(() => fast.of('verdict').length === published)
    const lost = await metric(url, 'goodparts_live_verdicts_lost')
    const after = process.memoryUsage()
    expect(lost).toBeGreaterThan(1000)
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(32 << 20)
    paused.socket.resume()
    await paused.until(() => paused.of('statistics').some(({ verdictsLost }) => verdictsLost === lost))
    expect(paused.of('verdict').length + lost).toBe(published)
    expect(fast.of('statistics').at(-1)?.verdictsLost).toBe(0)
  }, 60_000)
})

describe('/metrics', () => {
  it('counts parts, and at each hop what went in equals what went out, was dropped or is inside', async () => {
    const { server, url } = await start()
    const line = await openSampleLine('a')
    const browser = await browse(url)
    for (let i = 0; i < 30; i++) server.publish(line.next())
    server.publish(line.nextReject())
    await browser.until(() => browser.packets.length > 0)
    const text = await (await fetch(new URL('metrics', url))).text()
    expect(text).toContain('goodparts_line_frames_total{line="a"} 31')
    expect(text).toMatch(/goodparts_verdict_latency_seconds_count\{line="a"\} 31/)
    const sum = (name: string, hop: string): number => [...text.matchAll(new RegExp(`^${name}\\{hop="${hop}".*\\} (\\d+)$`, 'gm'))].reduce((total, [, value]) => total + Number(value), 0)
    for (const hop of ['live/lines', 'live/browsers', 'live/texts', 'live/kept']) {
      expect(sum('goodparts_hop_in_total', hop)).toBeGreaterThan(0)
      expect(sum('goodparts_hop_in_total', hop)).toBe(sum('goodparts_hop_out_total', hop) + sum('goodparts_hop_dropped_total', hop) + sum('goodparts_hop_in_flight', hop))
    }
  })
})
