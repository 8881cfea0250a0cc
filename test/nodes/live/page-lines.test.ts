import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LineState } from '../../../schemas/live.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import liveServer from '../../../nodes/live-server/goodparts-live-server.ts'
import { mixedLines, pageLines } from '../../../nodes/live-server/page-lines.ts'
import { Browser } from '../../live/browser.ts'
import { openSampleLine } from '../../live/sample-line.ts'
import { deploy, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus, warningsOf } from '../flow-runtime.ts'

const userDir = mkdtempSync(join(tmpdir(), 'goodparts-user-'))
let port: number

async function freePort (): Promise<number> {
  const server = createServer()
  const found = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => { resolve((server.address() as { port: number }).port) }))
  await new Promise((resolve) => server.close(resolve))
  return found
}

/** A page with these live nodes, by id. */
function flow (lines: Record<string, string>, historyFolder = ''): object[] {
  return [
    { id: 'flow', type: 'tab' },
    { id: 'page', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: String(port), framesPerSecond: '12', jpegQuality: '80', historyFolder, historyInspections: '10000', historySize: '512', tls: '' },
    ...Object.entries(lines).map(([id, line]) => ({ id, z: 'flow', x: 100, y: 100, type: 'goodparts-live', name: '', server: 'page', line, wires: [] }))
  ]
}

async function untilServed (id: string): Promise<void> {
  await untilStatus(id, (status) => typeof status === 'object' && /viewers?$/.test(status.text ?? ''))
}

const address = (): string => `http://127.0.0.1:${port}/`

/** The lines of the page as a browser that comes now finds them. */
async function linesNow (): Promise<LineState[]> {
  const browser = await Browser.open(address())
  const lines = browser.of('hello')[0]?.lines ?? []
  browser.close()
  return lines
}

/** A browser and a reject that it has seen, with a picture that is kept. */
async function rejectSeenAt (node: string, line: string): Promise<Browser> {
  const browser = await Browser.open(address())
  const { frame, record, map } = (await openSampleLine(line)).nextReject()
  nodeOf(node).receive({ frame, inspection: record, anomalyMap: map })
  await browser.until(() => browser.of('kept').some(({ entry }) => entry.line === line))
  return browser
}

beforeAll(async () => { await startRuntime({ userDir }) })
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true, force: true })
})

describe('a line of the page', () => {
  afterEach(async () => {
    // What a page remembers goes with its server's node.
    await redeploy([{ id: 'flow', type: 'tab' }], 'full')
    await undeploy()
  })

  it('leaves it and every browser when its node is renamed, stays on disk, and does not come back until a node shows it again', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow({ one: 'before', two: 'other' }, 'history'))
    await untilServed('one')
    const browser = await rejectSeenAt('one', 'before')
    await redeploy(flow({ one: 'after', two: 'other' }, 'history'), 'nodes')
    await browser.until(() => browser.of('line-removed').length === 1)
    expect(browser.of('line-removed')[0]?.line).toBe('before')
    browser.close()

    // The server starts anew, and its history has the line.
    await redeploy(flow({ one: 'after', two: 'other' }, 'history'), 'full')
    await untilServed('one')
    expect(await (await fetch(`${address()}api/lines/before/history`)).json()).toHaveLength(1)
    expect((await linesNow()).map(({ line }) => line)).not.toContain('before')

    const watching = await Browser.open(address())
    await redeploy(flow({ one: 'before', two: 'other' }, 'history'), 'nodes')
    await watching.until(() => watching.of('line').some(({ state }) => state.line === 'before' && state.kept.length === 1))
    watching.close()
  })

  it('stays as it is for the other of two nodes when one is deleted, and goes with the last', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow({ one: 'shared', two: 'shared', three: 'other' }))
    await untilServed('one')
    const browser = await rejectSeenAt('one', 'shared')
    await redeploy(flow({ two: 'shared', three: 'other' }), 'nodes')
    expect(await linesNow()).toMatchObject([{ line: 'shared', counts: { reject: 1 }, kept: [{ line: 'shared' }] }])
    expect(browser.of('line-removed')).toEqual([])

    await redeploy(flow({ three: 'other' }), 'nodes')
    await browser.until(() => browser.of('line-removed').length === 1)
    expect(await linesNow()).toEqual([])
    browser.close()
  })

  it('keeps its counts and lists when its node or everything is only deployed anew', async () => {
    port = await freePort()
    await deploy([liveServer, live], flow({ one: 'same', two: '' }))
    await untilServed('one')
    const first = await rejectSeenAt('one', 'same')
    const second = await rejectSeenAt('two', 'named by a message')
    const found = [{ line: 'same', counts: { reject: 1 }, kept: [{}], points: [{}] }, { line: 'named by a message', counts: { reject: 1 }, kept: [{}] }]
    for (const type of ['full', 'nodes'] as const) {
      const moved = flow({ one: 'same', two: '' }).map((node) => ({ ...node, name: type }))
      await redeploy(moved, type)
      await untilServed('one')
      expect(await linesNow()).toMatchObject(found)
    }
    first.close()
    second.close()
  })
})

describe('live nodes that name one line', () => {
  const fed = (first: string, second: string, into = 'b'): ReturnType<typeof mixedLines> => mixedLines(new Map([['a', { line: 'plates' }], ['b', { line: 'plates' }], ['c', { line: '' }]]), [
    { id: 'one', type: 'goodparts-score', wires: [['a'], ['a', 'c']], ...{ line: first } },
    { id: 'two', type: 'goodparts-score', wires: [[into]], ...{ line: second } },
    { id: 'camera', type: 'goodparts-capture', wires: [['one'], ['a']], ...{ source: 'left' } },
    ...['a', 'b', 'c'].map((id) => ({ id, type: 'goodparts-live', wires: [] }))
  ])

  it('mix what other nodes judge under other names, and are told which', () => {
    expect([...fed('plates', 'cups')]).toEqual([['a', [{ id: 'b', names: ['cups'] }]], ['b', [{ id: 'a', names: ['plates'] }]]])
  })

  it('share it where they are fed the same, or where nothing is known of what feeds them', () => {
    for (const shared of [fed('plates', 'plates'), fed('plates', 'cups', 'c')]) expect([...shared.values()]).toEqual([[], []])
  })

  it('warn, unless they are fed the same', async () => {
    port = await freePort()
    const judged = (second: string): object[] => [
      ...flow({ one: 'plates', two: 'plates' }),
      ...[['first', 'plates', 'one'], ['second', second, 'two']].map(([id, line, to]) => ({ id, z: 'flow', type: 'goodparts-score', name: '', model: '', line, product: '', deadline: '1000', policy: 'newest', capacity: '4', batch: '1', wires: [[to], [], [], []] }))
    ]
    await deploy([liveServer, live, score], judged('cups'))
    await untilStatus('two', (status) => typeof status === 'object' && status.fill === 'yellow' && status.text?.endsWith('goodparts-live.status.sameName') === true)
    expect(warningsOf('one')).toEqual(['goodparts-live.warning.sameName'])
    await redeploy(judged('plates'), 'full')
    await untilServed('two')
    expect(warningsOf('two')).toEqual([])
    await undeploy()
  })
})

describe('the lines of live nodes', () => {
  const environment = '$' + '{LINE}'
  const wired = (line: string, changes: object = {}): Parameters<typeof pageLines>[1] => [
    { id: 'camera', type: 'goodparts-capture', wires: [['score'], ['live']], ...{ source: 'camera 1' } },
    { id: 'score', type: 'goodparts-score', wires: [['junction'], ['away']], ...{ line }, ...changes },
    { id: 'junction', type: 'junction', wires: [['live']] },
    { id: 'away', type: 'link out', wires: [], links: ['here'] },
    { id: 'here', type: 'link in', wires: [['linked']] },
    ...['live', 'linked', 'own'].map((id) => ({ id, type: 'goodparts-live', wires: [] }))
  ]
  const named = (line: string, changes?: object): Record<string, string[]> => Object.fromEntries(
    [...pageLines(new Map([['live', { line: '' }], ['linked', { line: '' }], ['own', { line: 'own' }]]), wired(line, changes))].map(([id, shown]) => [id, [...shown.named]]))

  it('are those of their forms, else those that the nodes before them are given, over junctions and links', () => {
    expect(named('plates')).toEqual({ live: ['camera 1', 'plates'], linked: ['camera 1', 'plates'], own: ['own'] })
    expect(named(' ')).toMatchObject({ live: ['camera 1', 'score'] })
  })

  it('are not known where the environment names them or the node is disabled', () => {
    expect(named(environment)).toMatchObject({ live: ['camera 1'] })
    expect(named('plates', { d: true })).toMatchObject({ live: ['camera 1'], linked: [] })
  })
})
