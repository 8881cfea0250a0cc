import { createRequire } from 'node:module'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeAPI } from 'node-red'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { allLedgers, type LedgerSnapshot } from '../../engine/frame/ledger.ts'
import { validate } from '../../engine/schema-validation.ts'
import heatmap from '../../nodes/heatmap/goodparts-heatmap.ts'
import kafkaBroker from '../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaOut from '../../nodes/kafka-out/goodparts-kafka-out.ts'
import live from '../../nodes/live/goodparts-live.ts'
import liveServer from '../../nodes/live-server/goodparts-live-server.ts'
import model from '../../nodes/model/goodparts-model.ts'
import score from '../../nodes/score/goodparts-score.ts'
import { deploy, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../nodes/flow-runtime.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { brightnessBundle, flatFrame } from '../runtime/brightness-bundle.ts'

const require = createRequire(import.meta.url)
const core = ['89-delay', '10-function'].map((name) => require(`@node-red/nodes/core/function/${name}.js`) as (RED: NodeAPI) => void)
const nodes = [...core, model, score, heatmap, liveServer, live, kafkaBroker, kafkaOut]
let userDir: string
let path: string

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-redeploy-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  mkdirSync(join(userDir, 'goodparts', 'bundles'), { recursive: true })
  const calibration = { scores: Array.from({ length: 199 }, (_, index) => 0.001 * (index + 1)), heldOutBy: 'image' as const }
  await saveBundle(join(userDir, 'goodparts', 'bundles', 'slow.onnx'), await brightnessBundle({ work: 60 }, { calibration }))
  await startRuntime({ userDir })
})
beforeEach(() => { path = join(mkdtempSync(join(userDir, 'records-')), 'records.ndjson') })
afterEach(undeploy)
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

/** The wiring of the shipped flows; `sinks` gets what heatmap sends, or score when that is given. */
function flow (changes: { score?: object } = {}): object[] {
  return [
    { id: 'flow', type: 'tab' },
    // In this order Node-RED closes them: the sinks first.
    { id: 'out', z: 'flow', type: 'goodparts-kafka-out', name: '', sink: 'file', broker: '', topic: 'flow', key: '', value: 'inspection', path, spoolFolder: '', maximumRecords: '1000', maximumSize: '10', wires: [] },
    { id: 'live', z: 'flow', type: 'goodparts-live', name: '', server: 'server', line: '', wires: [] },
    { id: 'heatmap', z: 'flow', type: 'goodparts-heatmap', name: '', explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '32', wires: [['out', 'live']] },
    { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: 'line-1', product: '', deadline: '0', policy: 'every', capacity: '32', batch: '1', wires: [['heatmap'], ['heatmap'], ['heatmap'], ['heatmap']], ...changes.score },
    { id: 'server', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: '0', tls: '', history: false },
    { id: 'model', type: 'goodparts-model', name: '', bundle: 'slow', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' }
  ].map((node) => 'z' in node ? { ...node, x: 0, y: 0 } : node)
}

const ready = async (): Promise<unknown> => untilStatus('score', ({ text }) => /waiting|running|degraded/.test(text ?? ''))
const records = (): InspectionRecord[] => readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => validate('inspection', JSON.parse(line)))

/** Rejects, so that the heatmap node has work too. */
function send (count: number): string[] {
  const frames = Array.from({ length: count }, () => flatFrame(200))
  for (const frame of frames) nodeOf('score').receive({ frame })
  return frames.map(({ id }) => id)
}

async function judged (count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let seen = 0
    nodeOf('heatmap').on('input', () => { if (++seen === count) resolve() })
  })
}

describe('frames that wait for their verdict while the flow is deployed again', () => {
  it.each([
    ['all of it', 'full', {}],
    ['the score node alone', 'nodes', { score: { product: 'other' } }],
    ['its tab', 'flows', { score: { product: 'other' } }]
  ] as const)('leave as not inspected, in order, and reach the sinks: %s', async (_what, type, changes) => {
    await deploy(nodes, flow())
    await ready()
    const begun = judged(2)
    const before = send(12)
    await begun
    await redeploy(flow(changes), type)
    await ready()
    const again = judged(3)
    const after = send(3)
    await again
    await undeploy()

    const got = records()
    expect(got.map(({ frame }) => frame.id)).toEqual([...before, ...after])
    const verdicts = got.slice(0, before.length).map(({ verdict, reason }) => verdict === 'not-inspected' ? reason.code : verdict)
    const rejects = verdicts.filter((verdict) => verdict === 'reject').length
    expect(rejects).toBeGreaterThanOrEqual(2)
    expect(verdicts).toEqual([...Array<string>(rejects).fill('reject'), ...Array<string>(before.length - rejects).fill('line-stopped')])
    expect(rejects).toBeLessThan(before.length)
    expect(got.slice(before.length).every(({ verdict }) => verdict === 'reject')).toBe(true)
    expect(allLedgers()).toEqual([])
  })

  it('reach the sinks too when Node-RED ends', async () => {
    await deploy(nodes, flow())
    await ready()
    const begun = judged(1)
    const sent = send(8)
    await begun
    await undeploy()
    expect(records().map(({ frame }) => frame.id)).toEqual(sent)
  })
})

/** Other people's nodes between the verdict and what records it. */
describe('verdicts inside a node of another kind while the flow is deployed again', () => {
  const delay = { id: 'wait', z: 'flow', x: 0, y: 0, type: 'delay', name: '', pauseType: 'delay', timeout: '400', timeoutUnits: 'milliseconds', rate: '1', nbRateUnits: '1', rateUnits: 'second', randomFirst: '1', randomLast: '5', randomUnits: 'seconds', drop: false, allowrate: false, outputs: 1, wires: [['out']] }
  const slowFunction = { id: 'wait', z: 'flow', x: 0, y: 0, type: 'function', name: '', func: 'await new Promise((resolve) => setTimeout(resolve, 400)); return msg', outputs: 1, timeout: 0, noerr: 0, initialize: '', finalize: '', libs: [], wires: [['out']] }
  const through = (between: object, product = ''): object[] => [...flow({ score: { product, wires: [['wait'], ['wait'], ['wait'], ['wait']] } }), between]
  const taken = async (count: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      let seen = 0
      nodeOf('wait').on('input', () => { if (++seen === count) resolve() })
    })
  }
  const written = (): number => existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
  const recorded = async (count: number): Promise<void> => { await expect.poll(written, { interval: 20, timeout: 20_000 }).toBeGreaterThanOrEqual(count) }

  it.each([
    ['a delay', 'the whole flow', delay, 'full'],
    ['a delay', 'its tab', delay, 'flows'],
    ['a function that waits', 'the whole flow', slowFunction, 'full']
  ] as const)('are delivered to it again: %s, %s', async (_what, _which, between, type) => {
    await deploy(nodes, through(between))
    await ready()
    const inside = taken(3)
    const sent = send(12)
    await inside
    await redeploy(through(between, 'other'), type)
    await recorded(sent.length)
    const { dropped, out } = ledger()
    await undeploy()
    expect(records().map(({ frame }) => frame.id)).toEqual(sent)
    expect(dropped).toEqual({ 'flow-stopped': 0 })
    expect(out).toBeGreaterThanOrEqual(3)
  })

  it('are neither repeated nor missed when that node alone is not stopped', async () => {
    await deploy(nodes, through(delay))
    await ready()
    const inside = taken(3)
    const sent = send(12)
    await inside
    await redeploy(through(delay, 'other'), 'nodes')
    await recorded(sent.length)
    await undeploy()
    expect(records().map(({ frame }) => frame.id)).toEqual(sent)
  })

  it('are counted as lost where a second delivery would do more than record them, and when Node-RED ends', async () => {
    const ejector = { id: 'ejector', z: 'flow', x: 0, y: 0, type: 'helper' }
    const forked = (product: string): object[] => [...through({ ...delay, wires: [['out', 'ejector']] }, product), ejector]
    await deploy(nodes, forked(''))
    await ready()
    const inside = taken(3)
    const sent = send(12)
    await inside
    await redeploy(forked('other'), 'full')
    const first = ledger()
    expect(first).toMatchObject({ out: 0, dropped: { 'flow-stopped': first.in }, inFlight: 0 })
    expect(first.in).toBeGreaterThan(0)
    expect(first.in + written()).toBe(sent.length)

    await ready()
    const again = taken(2)
    send(2)
    await again
    await undeploy()
    const last = ledger()
    expect(last.dropped).toEqual({ 'flow-stopped': last.in })
    expect(last.in + written()).toBe(sent.length + 2)
  })

  function ledger (): LedgerSnapshot {
    const found = allLedgers().find(({ hop }) => hop === 'other-nodes')
    if (found === undefined) throw new Error('Expected a ledger of other nodes, got none')
    return found
  }
})
