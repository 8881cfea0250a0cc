import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { saveBundle } from '../../../engine/bundle/bundle.ts'
import { ExemplarStore } from '../../../engine/continual/exemplar-store.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import liveServer, { type LiveServerNode } from '../../../nodes/live-server/goodparts-live-server.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import replayBuffer from '../../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { freePort } from '../../../scripts/test-kafka.ts'
import { frameOf, inspectionOf } from '../../continual/woven-line.ts'
import { Browser } from '../../live/browser.ts'
import type { LearningSheet } from '../../../schemas/learning.ts'
import { openSampleLine } from '../../live/sample-line.ts'
import { brightnessBundle } from '../../runtime/brightness-bundle.ts'
import { deploy, getFromEditorRoute, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

vi.setConfig({ testTimeout: 60_000 })

const { events, hooks } = createRequire(import.meta.url)('@node-red/util') as Pick<NodeAPI, 'events' | 'hooks'>
const nodes = [model, score, replayBuffer, live, liveServer]
let userDir: string
let port: number

const flow = (buffer: object | null = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
  { id: 'server', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: String(port), framesPerSecond: '12', jpegQuality: '80', historyFolder: '', historyInspections: '10000', historySize: '512', tls: '' },
  { id: 'live', z: 'flow', x: 100, y: 100, type: 'goodparts-live', name: '', server: 'server', line: 'a', wires: [['buffer']] },
  ...buffer === null ? [] : [{ id: 'buffer', z: 'flow', x: 100, y: 100, type: 'goodparts-replay-buffer', name: '', model: 'model', server: '', line: '', product: '', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [[], [], []], ...buffer }]
]

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-replay-deploy-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  port = await freePort()
  await startRuntime({ userDir })
})
beforeEach(async () => { await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx'), await brightnessBundle()) })
afterEach(async () => {
  await undeploy()
  rmSync(join(userDir, 'goodparts'), { recursive: true, force: true })
})
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

const folder = (...names: string[]): string => join(userDir, 'goodparts', 'replay', 'buffer', ...names)
const labels = (): string[] => new LabelInbox(folder('inbox'), { items: 100, bytes: 1e9 }).waiting.map(({ label }) => label)
const server = (): LiveServerNode => nodeOf('server') as LiveServerNode

describe('a deploy of a replay buffer', () => {
  it('lets no word on its line go past it: the one that closes refuses until the next is there', async () => {
    await deploy(nodes, flow({ server: 'server', line: 'a' }))
    const { learning } = server()
    const first = learning.of('a')!
    const over = new AbortController()
    let gaps = 0
    const watching = (async () => {
      while (!over.signal.aborted) {
        if (learning.of('a') === undefined) gaps++
        await nextTurn()
      }
    })()
    await redeploy(flow({ server: 'server', line: 'a', name: 'changed' }), 'nodes')
    over.abort()
    await watching
    expect(gaps).toBe(0)
    expect(learning.of('a')).not.toBe(first)
    const { record } = (await openSampleLine('a')).nextReject()
    await expect(first.keep(new Uint8Array(8), { product: 'plate', label: 'scratch', partId: null }, record)).rejects.toMatchObject({ code: 'GOODPARTS_CLOSED' })

    await redeploy(flow(null), 'nodes')
    expect(learning.of('a')).toBeUndefined()
  })

  it('hands on what was said at the page just before it', async () => {
    await deploy(nodes, flow())
    await untilStatus('live', ({ text }) => text === 'goodparts-live.status.viewers')
    const browser = await Browser.open(`http://127.0.0.1:${port}/`)
    const { frame, record, map } = (await openSampleLine('a')).nextReject()
    const said = new Promise<void>((resolve) => { server().hear(() => { resolve() }) })
    nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await browser.until(() => browser.of('kept').length === 1)
    nodeOf('live').receive({ topic: 'labels', payload: null, eventId: record.eventId, label: 'scratch' })
    await said
    browser.close()
    await undeploy()
    expect(labels()).toEqual(['scratch'])
  })
})

describe('a replay buffer that alone is deployed again', () => {
  /** Somebody's node that takes its time to close. */
  const slowToClose = (RED: NodeAPI): void => {
    RED.nodes.registerType('slow-to-close', function (this: Node, config: NodeDef) {
      RED.nodes.createNode(this, config)
      this.on('close', (done: () => void) => { RED.events.once('closing-may-end', done) })
    })
  }

  it('gets what was said at the page meanwhile, in order', async () => {
    const slow = (name: string): object => ({ id: 'slow', z: 'flow', x: 0, y: 0, type: 'slow-to-close', name, wires: [] })
    await deploy([...nodes, slowToClose], [...flow(), slow('')])
    await untilStatus('live', ({ text }) => text === 'goodparts-live.status.viewers')
    const browser = await Browser.open(`http://127.0.0.1:${port}/`)
    const line = await openSampleLine('a')
    // Pictures that differ: one picture has one label.
    const rejects = new Map(Array.from({ length: 20 }, () => line.nextReject()).map((reject) => [reject.record.partId, reject]))
    const parts = [...rejects.values()].slice(0, 3).map((reject, index) => ({ label: ['scratch', 'dent', 'stain'][index] as string, ...reject }))
    for (const { frame, record, map } of parts) nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
    await browser.until(() => browser.of('kept').length === parts.length)
    const sent: unknown[] = []
    let isStarted = false
    events.once('flows:started', () => { isStarted = true })
    events.once('flows:stopping', () => {
      for (const { record, label } of parts) nodeOf('live').receive({ topic: 'labels', payload: null, eventId: record.eventId, label })
    })
    hooks.add('onSend.test', ([{ msg, source }]: [{ msg: { label?: unknown }, source: { id: string } }]) => {
      if (source.id !== 'live' || isStarted) return
      sent.push(msg.label)
      if (sent.length === parts.length) setImmediate(() => { events.emit('closing-may-end') })
    })
    await redeploy([...flow({ name: 'changed' }), slow('changed')], 'nodes')
    hooks.remove('onSend.test')
    browser.close()
    expect(sent).toEqual(['scratch', 'dent', 'stain'])
    const closed = undeploy()
    events.emit('closing-may-end')
    await closed
    expect(labels()).toEqual(sent)
  })
})

describe('a start after the process ended while a bundle was put back', () => {
  it('gives the model the bundle that was put back', async () => {
    const back = await brightnessBundle({ factor: 0.5 })
    await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx.next'), back)
    mkdirSync(folder('memory'), { recursive: true })
    const memory = new ExemplarStore({ folder: folder('memory'), items: 60, bytes: 1e8 })
    memory.goBack(back.metadata.id, 'decided')
    memory.close()
    writeFileSync(folder('change.json'), JSON.stringify({ id: 'decided', kind: 'rollback', updates: [], taken: [] }))
    const inUse = (id: string): Promise<void> => vi.waitFor(() => { expect((nodeOf('model') as ModelNode).current()?.model.metadata.id).toBe(id) }, { timeout: 30_000 })
    // The model has read its bundle before the replay buffer puts the other in its place.
    const judging = { id: 'score', z: 'flow', x: 100, y: 100, type: 'goodparts-score', name: '', model: 'model', line: 'a', product: '', deadline: '0', policy: 'every', capacity: '8', batch: '1', wires: [[], [], [], []] }
    await deploy(nodes, [...flow(null), judging])
    await inUse((await brightnessBundle()).metadata.id)
    await redeploy([...flow(), judging], 'nodes')
    await inUse(back.metadata.id)
  })
})

describe('a watch for drift', () => {
  const judging = { id: 'score', z: 'flow', x: 100, y: 100, type: 'goodparts-score', name: '', model: 'model', line: 'a', product: '', deadline: '0', policy: 'every', capacity: '8', batch: '1', wires: [[], [], [], []] }
  const failToSwap = async (): Promise<void> => { await expect((nodeOf('model') as ModelNode).swap(join(userDir, 'nothing.onnx'))).rejects.toMatchObject({ code: expect.any(String) as string }) }
  const state = async (): Promise<LearningSheet['state']> => ((await getFromEditorRoute('/goodparts/replay-buffer/buffer/exemplars')).body as LearningSheet).state

  it('begins with the bundle in use, also where the last swap failed, and goes on where one fails', async () => {
    await deploy(nodes, [...flow(null), judging])
    await vi.waitFor(() => { expect((nodeOf('model') as ModelNode).current()).toBeDefined() }, { timeout: 30_000 })
    await failToSwap()
    await redeploy([...flow(), judging], 'nodes')
    for (let part = 0; part < 200; part++) nodeOf('buffer').receive({ frame: frameOf(part), inspection: inspectionOf(frameOf(part), 1000 + part) })
    await vi.waitFor(async () => { expect((await state()).drift).toMatchObject({ signals: ['scores'] }) }, { timeout: 30_000 })
    await failToSwap()
    expect((await state()).inDrift).toBe(true)
  })
})
