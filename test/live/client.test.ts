import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Verdict } from '../../schemas/inspection.ts'
import type { LiveHello } from '../../schemas/live.ts'
import { Ledger } from '../../engine/frame/ledger.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { LiveClient } from '../../engine/live/client.ts'
import type { LinePicture } from '../../engine/live/publication.ts'
import { seededRandom } from '../../engine/random.ts'
import { inspection } from '../publish/fixtures.ts'

const frame = Frame.fromPixels(new Uint8Array(4), { source: 'a', sequence: 0, width: 2, height: 2, channels: 1 })
const picture = (packet: number, verdict: Verdict = 'good', line = 'a'): LinePicture => ({ line, packet, frame, record: { ...inspection(packet), line, verdict } })

function setUp (framesPerSecond = 10): { client: LiveClient, socket: { bufferedAmount: number, sent: Array<string | Uint8Array> }, total: Ledger, texts: Ledger, ready: () => number } {
  const sent: Array<string | Uint8Array> = []
  const socket = { bufferedAmount: 0, readyState: 1, sent, send: (data: string | Uint8Array) => { sent.push(data) }, close: () => {}, terminate: () => {} }
  const total = new Ledger('live/test')
  total.close()
  const texts = new Ledger('live/test-texts')
  texts.close()
  let ready = 0
  const client = new LiveClient(socket, { role: 'viewer', framesPerSecond, total, texts, now: Date.now, onReady: () => { ready++ } })
  return { client, socket, total, texts, ready: () => ready }
}

beforeEach(() => { vi.useFakeTimers({ now: 1e12 }) })
afterEach(() => { vi.useRealTimers() })

describe('pictures to one browser', () => {
  it('are the newest, not the oldest', () => {
    const { client } = setUp()
    for (const packet of [1, 2, 3]) client.offer(picture(packet))
    expect(client.take('a')?.packet).toBe(3)
    expect(client.delivery()).toMatchObject({ in: 3, out: 0, dropped: { superseded: 2 }, inFlight: 1 })
  })

  it('come at the pace of the limit, and a timer fetches the one that had to wait', () => {
    const { client, ready } = setUp(10)
    client.offer(picture(1))
    expect(client.take('a')?.packet).toBe(1)
    client.shown('a', 1)
    client.offer(picture(2))
    expect(client.take('a')).toBeUndefined()
    const before = ready()
    vi.advanceTimersByTime(100)
    expect(ready()).toBe(before + 1)
    expect(client.take('a')?.packet).toBe(2)
  })

  it('stop after two that are not answered', () => {
    const { client } = setUp(1000)
    const taken: Array<number | undefined> = []
    for (const packet of [1, 2, 3, 4]) {
      vi.advanceTimersByTime(50)
      client.offer(picture(packet))
      taken.push(client.take('a')?.packet)
    }
    expect(taken).toEqual([1, 2, undefined, undefined])
    client.shown('a', 1)
    expect(client.take('a')?.packet).toBe(4)
  })

  it('wait while the socket holds more than a mebibyte', () => {
    const { client, socket } = setUp()
    socket.bufferedAmount = (1 << 20) + 1
    client.offer(picture(1))
    expect(client.take('a')).toBeUndefined()
    socket.bufferedAmount = 0
    expect(client.take('a')?.packet).toBe(1)
  })

  it('let a waiting reject go first, for a second', () => {
    const { client } = setUp()
    client.offer(picture(1, 'reject'))
    client.offer(picture(2))
    expect(client.take('a')?.packet).toBe(1)
    vi.advanceTimersByTime(500)
    client.offer(picture(3, 'reject'))
    client.offer(picture(4, 'reject'))
    vi.advanceTimersByTime(1001)
    client.offer(picture(5))
    expect(client.take('a')?.packet).toBe(5)
  })

  it('are only of the lines that it watches', () => {
    const { client } = setUp()
    client.offer(picture(1, 'good', 'b'))
    client.watch(['a'], 5)
    client.offer(picture(2, 'good', 'b'))
    client.offer(picture(3))
    expect(client.take('b')).toBeUndefined()
    expect(client.take('a')?.packet).toBe(3)
    client.watch(['a'], 0)
    client.offer(picture(4))
    expect(client.take('a')).toBeUndefined()
  })

  it('of a line that is no more are let go, so that the same name may come back', () => {
    const { client } = setUp(1000)
    for (const packet of [1, 2, 3]) {
      client.offer(picture(packet))
      client.take('a')
      vi.advanceTimersByTime(50)
    }
    client.forget('a')
    expect(client.delivery()).toMatchObject({ in: 3, dropped: { 'line-removed': 3 }, inFlight: 0 })
    client.offer(picture(0))
    expect(client.take('a')?.packet).toBe(0)
  })

  it('that are not answered for ten seconds are given up, and the line goes on', () => {
    const { client } = setUp(1000)
    for (const packet of [1, 2, 3]) {
      client.offer(picture(packet))
      client.take('a')
      vi.advanceTimersByTime(50)
    }
    expect(client.take('a')).toBeUndefined()
    vi.advanceTimersByTime(10_000)
    expect(client.take('a')?.packet).toBe(3)
    expect(client.delivery()).toMatchObject({ in: 3, dropped: { unanswered: 2 }, inFlight: 1 })
    client.shown('a', 1)
    expect(client.delivery()).toMatchObject({ out: 0, inFlight: 1 })
  })

  it('are accounted for in any order of events: in = out + dropped + in flight', () => {
    const random = seededRandom(5)
    const { client, socket, total } = setUp(100)
    const underway: LinePicture[] = []
    for (let step = 0; step < 5000; step++) {
      const choice = random()
      if (choice < 0.4) client.offer(picture(step, random() < 0.1 ? 'reject' : 'good', random() < 0.5 ? 'a' : 'b'))
      else if (choice < 0.7) {
        const taken = client.take(random() < 0.5 ? 'a' : 'b')
        if (taken !== undefined) underway.push(taken)
      } else if (choice < 0.85) {
        const [answered] = underway.splice(Math.floor(random() * underway.length), 1)
        if (answered !== undefined && random() < 0.9) client.shown(answered.line, answered.packet)
        else if (answered !== undefined) client.abandon(answered, 'encode-failed')
      } else if (choice < 0.9) client.watch(random() < 0.5 ? ['a'] : ['a', 'b'], random() * 100)
      else if (choice < 0.95) socket.bufferedAmount = random() < 0.5 ? 0 : 2 << 20
      else vi.advanceTimersByTime(random() * 40)
      const { inFlight } = client.delivery()
      expect(inFlight).toBeGreaterThanOrEqual(underway.length)
      expect(inFlight).toBeLessThanOrEqual(underway.length + 2)
    }
    client.closed()
    expect(client.delivery()).toMatchObject({ inFlight: 0 })
    expect({ ...total.snapshot(), hop: '' }).toEqual({ ...client.delivery(), hop: '' })
    expect(client.delivery().out).toBeGreaterThan(100)
  })
})

describe('records to one browser', () => {
  it('are refused, and counted, while the socket holds more than four mebibytes', () => {
    const { client, socket, texts } = setUp()
    const verdict = { schema: 'goodparts.live/1', kind: 'verdict', line: 'a', record: inspection(1) } as const
    client.tell(verdict)
    socket.bufferedAmount = (4 << 20) + 1
    client.tell(verdict)
    client.tell(verdict)
    client.tell({ schema: 'goodparts.live/1', kind: 'line-removed', line: 'a' })
    expect([socket.sent.length, client.verdictsLost]).toEqual([1, 2])
    expect(texts.snapshot()).toMatchObject({ in: 4, out: 1, dropped: { 'verdict-refused': 2, 'line-removed-refused': 1 }, inFlight: 0 })
    socket.bufferedAmount = 0
    client.tellStatistics({ schema: 'goodparts.live/1', kind: 'statistics', at: '2026-01-01T00:00:00.000Z', viewers: 1, lines: [] })
    expect(JSON.parse(String(socket.sent.at(-1)))).toMatchObject({ verdictsLost: 2 })
  })

  it('come with everything anew after something else was refused, once there is room', () => {
    const { client, socket } = setUp()
    const hello: LiveHello = { schema: 'goodparts.live/1', kind: 'hello', server: { id: 'a', version: '1' }, role: 'viewer', framesPerSecond: 1, lines: [] }
    client.catchUp(() => hello)
    socket.bufferedAmount = (4 << 20) + 1
    client.tell({ schema: 'goodparts.live/1', kind: 'line-removed', line: 'a' })
    client.catchUp(() => hello)
    expect(socket.sent).toEqual([])
    socket.bufferedAmount = 0
    for (let second = 0; second < 2; second++) client.catchUp(() => hello)
    expect(socket.sent.map((text) => JSON.parse(String(text)) as object)).toEqual([hello])
  })
})
