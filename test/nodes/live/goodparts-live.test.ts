import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { NodeStatus } from 'node-red'
import fit from '../../../nodes/fit/goodparts-fit.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import liveServer from '../../../nodes/live-server/goodparts-live-server.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { SharedServer } from '../../../nodes/live-server/shared-server.ts'
import { LiveServer } from '../../../engine/live/server.ts'
import { Browser } from '../../live/browser.ts'
import { openSampleLine } from '../../live/sample-line.ts'
import { deploy, nextMessage, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const userDir = mkdtempSync(join(tmpdir(), 'goodparts-user-'))
let port: number

async function listen (server: Server): Promise<number> {
  return await new Promise((resolve) => server.listen(0, '127.0.0.1', () => { resolve((server.address() as { port: number }).port) }))
}

async function freePort (): Promise<number> {
  const server = createServer()
  const found = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return found
}

function flow (changes: { server?: object, live?: object } = {}): object[] {
  return [
    { id: 'flow', type: 'tab' },
    { id: 'server', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: String(port), framesPerSecond: '12', jpegQuality: '80', historyFolder: '', historyInspections: '10000', historySize: '512', tls: '', ...changes.server },
    { id: 'live', z: 'flow', x: 100, y: 100, type: 'goodparts-live', name: '', server: 'server', line: '', wires: [], ...changes.live },
    { id: 'catcher', z: 'flow', x: 100, y: 200, type: 'catch', scope: ['live'], wires: [['errors']] },
    { id: 'errors', z: 'flow', x: 300, y: 200, type: 'helper' }
  ]
}

const shows = (text: string) => (status: NodeStatus): boolean => typeof status === 'object' && status.text === `goodparts-live.status.${text}`
const address = (): string => `http://127.0.0.1:${port}/`

beforeAll(async () => { await startRuntime({ userDir }) })
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true, force: true })
})
afterEach(async () => { await undeploy() })

/** What a page remembers of its lines goes with its server's node. */
async function undeployForEver (): Promise<void> {
  await redeploy([{ id: 'flow', type: 'tab' }], 'full')
  await undeploy()
}

describe('goodparts-live', () => {
  it('shows verdicts, frames and notices of a flow in a browser, on the line of the record or of the node', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow())
    await untilStatus('live', shows('viewers'))
    const browser = await Browser.open(address())
    const line = await openSampleLine('line-7')
    const { frame, record, map } = line.nextReject()
    nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await browser.until(() => browser.packets.length === 1 && browser.of('kept').length === 1)
    expect(browser.packets[0]?.header).toMatchObject({ line: 'line-7', record, map: { height: map.height } })

    nodeOf('live').receive({ topic: 'camera-2', frame: line.next().frame })
    nodeOf('live').receive({ topic: 'line-7', payload: { kind: 'fit-progress', stage: 'collect', done: 1, total: 60, text: '1 of 60' } })
    await browser.until(() => browser.packets.length === 2 && browser.of('notice').length === 1)
    expect(browser.packets[1]?.header).toMatchObject({ line: 'camera-2', record: null })
    expect(browser.of('notice')[0]?.notice).toMatchObject({ line: 'line-7', notice: { done: 1 } })
    await untilStatus('live', shows('viewer'))
    browser.validate()
    browser.close()
  })

  it('lets the bar of a fit go with the fit node, also where the live node is deployed anew with it', async () => {
    port = await freePort()
    const fitNode = { id: 'fit', z: 'flow', x: 50, y: 50, type: 'goodparts-fit', name: 'learn', model: '', bundle: 'learned', detector: 'patch-memory', count: '24', begin: 'always', scale: 'standard', size: '64', rate: '', seed: '1', wires: [[], ['live']] }
    // The score node follows deploys for all.
    await deploy([liveServer, live, fit, score], [...flow({ live: { line: 'a' } }), fitNode])
    await untilStatus('live', shows('viewers'))
    const browser = await Browser.open(address())
    nodeOf('fit').receive({ fit: 'start' })
    await browser.until(() => browser.of('notice').length > 0)
    await redeploy(flow({ live: { line: 'a', name: 'changed' } }), 'nodes')
    await browser.until(() => browser.of('notice').at(-1)?.notice.notice.kind === 'fit-ended')
    browser.validate()
    browser.close()
  })

  it('takes another system\'s word on a part that the page lists, and hands it on with the judged pixels', async () => {
    port = await freePort()
    await deploy([liveServer, live], [...flow({ live: { line: 'a', wires: [['words']] } }), { id: 'words', z: 'flow', x: 300, y: 100, type: 'helper' }])
    await untilStatus('live', shows('viewers'))
    const browser = await Browser.open(address())
    const { frame, record, map } = (await openSampleLine('a')).nextReject()
    nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await browser.until(() => browser.of('kept').length === 1)
    const words: unknown[] = []
    nodeOf('words').on('input', (msg: unknown) => { words.push(msg) })

    const word = { topic: 'labels', payload: null, eventId: record.eventId, label: 'scratch' }
    nodeOf('live').receive({ ...word })
    await browser.until(() => browser.of('word').length === 1)
    const caught = nextMessage('errors')
    nodeOf('live').receive({ ...word, eventId: 'a-of-yesterday' })
    await caught

    expect(browser.of('word')).toMatchObject([{ line: 'a', eventId: record.eventId, word: { label: 'scratch', by: 'operator' } }])
    await expect.poll(() => words).toMatchObject([{ payload: { kind: 'said', eventId: record.eventId, label: 'scratch' }, frame: { width: frame.width } }])
    browser.validate()
    browser.close()
  })

  it('sends what it cannot show to Catch, once', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow({ live: { line: 'a' } }))
    const caught = nextMessage('errors')
    nodeOf('live').receive({ payload: 'hello' })
    expect((await caught).error).toMatchObject({ message: expect.stringContaining('Expected msg to have an inspection') as string })
    const second = nextMessage('errors')
    nodeOf('live').receive({ inspection: { schema: 'goodparts.inspection/1' } })
    expect((await second).error).toMatchObject({ message: expect.stringContaining('to be present') as string })
  })

  it('says so when no server is chosen, the port is taken, or others could come in unasked', async () => {
    const other = createServer()
    port = await listen(other)
    await deploy([liveServer, live], flow())
    expect(await nextMessage('errors')).toMatchObject({ error: { source: { id: 'server' } }, payload: { code: 'GOODPARTS_LIVE_FAILED' } })
    expect(await untilStatus('live', shows('portInUse'))).toMatchObject({ fill: 'red', shape: 'ring' })
    await undeploy()
    await new Promise((resolve) => other.close(resolve))

    await deploy([liveServer, live], flow({ server: { host: '0.0.0.0' } }))
    await untilStatus('live', shows('tokenMissing'))
    await undeploy()

    await deploy([liveServer, live], flow({ server: { port: 'many' } }))
    await untilStatus('live', shows('notListening'))
    await undeploy()

    await deploy([liveServer, live], flow({ live: { server: '' } }))
    await untilStatus('live', shows('notConfigured'))
    const caught = nextMessage('errors')
    nodeOf('live').receive({ payload: 1 })
    expect((await caught).error).toMatchObject({ message: expect.stringContaining('live server') as string })
  })

  it('listens with tokens from the credentials', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow({ server: { host: '0.0.0.0' } }), { server: { operatorToken: 'secret' } })
    await untilStatus('live', shows('viewers'))
    expect((await fetch(`${address()}api/tickets`, { method: 'POST' })).status).toBe(401)
    const browser = await Browser.open(address(), 'secret')
    expect(browser.of('hello')[0]?.role).toBe('operator')
    browser.close()
  })

  it('stops listening with the flow', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow())
    await untilStatus('live', shows('viewers'))
    await undeploy()
    await expect(fetch(address())).rejects.toThrow()
  })
})

describe('a history', () => {
  /** What the server's node has warned of. */
  function warnings (): string[] {
    const { warn } = nodeOf('server') as unknown as { warn: { args: string[][] } }
    return warn.args.map(([text]) => text ?? '')
  }

  async function rejectAndSee (line: Awaited<ReturnType<typeof openSampleLine>>): Promise<Browser> {
    await untilStatus('live', shows('viewers'))
    const browser = await Browser.open(address())
    const { frame, record, map } = line.nextReject()
    nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await browser.until(() => browser.of('kept').length === 1)
    return browser
  }

  it('keeps the rejects over a restart, also in a flow of before that says nothing of it', async () => {
    port = await freePort()
    const line = await openSampleLine('line-7')
    const older = flow({ server: { historyFolder: undefined, historyInspections: undefined, historySize: undefined } })
    await deploy([liveServer, live], older)
    const browser = await rejectAndSee(line)
    await undeploy()
    expect(existsSync(join(userDir, 'goodparts', 'history', 'server.sqlite'))).toBe(true)

    await deploy([liveServer, live], older)
    await untilStatus('live', shows('viewers'))
    const later = await Browser.open(address())
    await later.until(() => later.messages.some((message) => (message.kind === 'line' ? [message.state] : message.kind === 'hello' ? message.lines : []).some(({ kept }) => kept.length === 1)))
    expect(warnings()).toEqual([])
    browser.close()
    later.close()
    await undeployForEver()
  })

  it('is not kept where its folder is empty, and a folder that cannot be written is warned of once while the page goes on', async () => {
    port = await freePort()
    const line = await openSampleLine('line-8')
    await deploy([liveServer, live], flow())
    const first = await rejectAndSee(line)
    first.close()
    await undeployForEver()

    writeFileSync(join(userDir, 'blocked'), '')
    await deploy([liveServer, live], flow({ server: { historyFolder: join(userDir, 'blocked', 'history') } }))
    const second = await rejectAndSee(line)
    expect(second.of('hello')[0]?.lines).toEqual([])
    const { frame, record, map } = line.nextReject()
    nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await second.until(() => second.of('kept').length === 2)
    await expect.poll(warnings).toEqual(['goodparts-live-server.historyFailed'])
    second.close()
  })

  it('says so when a bound is none', async () => {
    await deploy([liveServer, live], flow({ server: { historyFolder: 'h', historySize: 'much' } }))
    await untilStatus('live', shows('notListening'))
    const { error } = nodeOf('server') as unknown as { error: { args: unknown[][] } }
    expect(error.args).toEqual([[expect.stringContaining('MB of pictures to be a whole number'), { payload: expect.objectContaining({ code: 'GOODPARTS_ARGUMENT' }) as object }]])
  })
})

describe('a shared server', () => {
  it('listens from the first user to the last, and once its port is free', async () => {
    const other = createServer()
    port = await listen(other)
    const events: string[] = []
    let heard = (): void => {}
    const listening = new Promise<void>((resolve) => { heard = resolve })
    const shared = new SharedServer({
      open: async () => await Promise.resolve(new LiveServer({ port })),
      onListening: () => { events.push('listening'); heard() },
      onFailed: () => { events.push('failed'); other.close() },
      retryMs: 20
    })
    const [first, second] = [shared.lease(), shared.lease()]
    await listening
    expect(events).toEqual(['failed', 'listening'])
    expect(first.server()?.url).toBe(`http://localhost:${port}/`)
    await first.release()
    await first.release()
    expect((await fetch(`${address()}health`)).status).toBe(200)
    await second.release()
    expect(second.server()).toBeUndefined()
    await expect(fetch(address())).rejects.toThrow()
  })
})
