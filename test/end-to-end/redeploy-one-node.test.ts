/** A line that runs while one of its nodes alone is deployed again: no part may be missing from the records. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { allLedgers, type LedgerSnapshot } from '../../engine/frame/ledger.ts'
import { validate } from '../../engine/schema-validation.ts'
import capture from '../../nodes/capture/goodparts-capture.ts'
import heatmap from '../../nodes/heatmap/goodparts-heatmap.ts'
import kafkaBroker from '../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaOut from '../../nodes/kafka-out/goodparts-kafka-out.ts'
import live from '../../nodes/live/goodparts-live.ts'
import liveServer from '../../nodes/live-server/goodparts-live-server.ts'
import model from '../../nodes/model/goodparts-model.ts'
import score from '../../nodes/score/goodparts-score.ts'
import { freePort } from '../../scripts/test-kafka.ts'
import { deploy, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../nodes/flow-runtime.ts'
import { brightnessBundle, input } from '../runtime/brightness-bundle.ts'

/** Somebody's node that takes its time to close, so that parts come while the deploy waits for it. */
function slowToClose (RED: NodeAPI): void {
  RED.nodes.registerType('slow-to-close', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('close', (done: () => void) => { setTimeout(done, 300) })
  })
}

const nodes = [capture, model, score, heatmap, liveServer, live, kafkaBroker, kafkaOut, slowToClose]
let userDir: string
let path: string
let port: number

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-one-node-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  mkdirSync(join(userDir, 'goodparts', 'bundles'), { recursive: true })
  const calibration = { scores: Array.from({ length: 199 }, (_, index) => 0.001 * (index + 1)), heldOutBy: 'image' as const }
  await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx'), await brightnessBundle({}, { calibration }))
  await startRuntime({ userDir })
})
beforeEach(async () => {
  path = join(mkdtempSync(join(userDir, 'records-')), 'records.ndjson')
  port = await freePort()
})
afterEach(undeploy)
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

/** `changed`: ids of nodes that are deployed again when this follows a flow without it. */
function flow (...changed: string[]): object[] {
  return [
    { id: 'camera', type: 'goodparts-capture', source: 'camera', pipeline: 'custom', parameters: { launch: 'videotestsrc is-live=true pattern=white ! video/x-raw,framerate=60/1' }, width: String(input.width), height: String(input.height), channels: '3', maximumRate: '', cropLeft: '', cropTop: '', cropRight: '', cropBottom: '', policy: 'auto', triggered: false, watchdog: '5', endOfStream: 'auto', autostart: true, wires: [['score'], ['live']] },
    { id: 'score', type: 'goodparts-score', model: 'model', line: 'line-1', product: '', deadline: '0', policy: 'every', capacity: '200', batch: '1', wires: [['heatmap'], ['heatmap'], ['heatmap'], ['heatmap']] },
    { id: 'heatmap', type: 'goodparts-heatmap', explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '32', wires: [['out', 'live']] },
    { id: 'out', type: 'goodparts-kafka-out', sink: 'file', broker: '', topic: 'flow', key: '', value: 'inspection', path, spoolFolder: '', maximumRecords: '10000', maximumSize: '10', wires: [] },
    { id: 'live', type: 'goodparts-live', server: `server-${port}`, line: 'line-1', wires: [] },
    { id: 'slow', type: 'slow-to-close', wires: [] }
  ].map((node) => ({ ...node, name: changed.includes(node.id) ? 'changed' : '', z: 'flow', x: 0, y: 0 })).concat([
    { id: 'flow', type: 'tab' },
    // What a page remembers goes with its server's id.
    { id: `server-${port}`, type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: String(port), framesPerSecond: '12', jpegQuality: '80', historyFolder: '', historyInspections: '10000', historySize: '512', tls: '' },
    { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' }
  ] as never)
}

const lines = (): string[] => existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').filter((line) => line !== '') : []
const written = async (count: number): Promise<void> => { await expect.poll(() => lines().length, { interval: 20, timeout: 20_000 }).toBeGreaterThanOrEqual(count) }
const ledger = (hop: string): LedgerSnapshot | undefined => allLedgers().find((found) => found.hop === hop)

/** What the live page has counted of the line since it first showed it. */
async function shown (): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^goodparts_line_frames_total\{line="line-1"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

it.each(['out', 'heatmap', 'score', 'live'])('loses no part while %s alone is deployed again', { timeout: 60_000 }, async (node) => {
  await deploy(nodes, flow())
  await untilStatus('score', ({ text }) => /running|degraded/.test(text ?? ''))
  await written(20)
  await redeploy(flow(node, 'slow'), 'nodes')
  await written(lines().length + 20)
  await redeploy(flow(), 'nodes')
  await written(lines().length + 20)
  nodeOf('camera').receive({ payload: 'stop' })
  await untilStatus('camera', ({ text }) => /stopped/.test(text ?? ''))
  const frames = ledger('capture/camera')?.out ?? 0
  await written(frames)
  await expect.poll(shown, { timeout: 5000 }).toBe(frames)

  const records = lines().map((line) => validate('inspection', JSON.parse(line)))
  const first = records[0]?.frame.sequence ?? NaN
  expect(records.map(({ frame }) => frame.sequence - first)).toEqual(Array.from({ length: frames }, (_, part) => part))
  const restarting = ledger('restarting-nodes')
  expect(restarting).toMatchObject({ out: restarting?.in, dropped: {}, inFlight: 0 })
  expect(restarting?.in).toBeGreaterThan(0)
})

it.each([['all of it', 'full'], ['its tab', 'flows']] as const)('loses no part either while %s is deployed again', { timeout: 60_000 }, async (_what, type) => {
  await deploy(nodes, flow())
  await untilStatus('score', ({ text }) => /running|degraded/.test(text ?? ''))
  await written(20)
  await redeploy(flow('score', 'slow'), type)
  await written(lines().length + 20)
  nodeOf('camera').receive({ payload: 'stop' })
  await untilStatus('camera', ({ text }) => /stopped/.test(text ?? ''))
  await undeploy()
  // A camera goes on counting over a deploy.
  const sequences = lines().map((line) => validate('inspection', JSON.parse(line)).frame.sequence)
  expect(sequences).toEqual(sequences.map((_, part) => (sequences[0] ?? NaN) + part))
})
