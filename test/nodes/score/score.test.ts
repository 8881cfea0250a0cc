import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle } from '../../../engine/bundle/bundle.ts'
import { AnomalyMap } from '../../../engine/frame/anomaly-map.ts'
import { auditPath } from '../../../engine/store/audit-log.ts'
import { isFrame, type Frame } from '../../../engine/frame/frame.ts'
import { allLedgers } from '../../../engine/frame/ledger.ts'
import type { SlottedModel } from '../../../engine/decision/model-slot.ts'
import { validate } from '../../../engine/schema-validation.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { brightnessBundle, flatFrame } from '../../runtime/brightness-bundle.ts'
import { readAudit } from '../../store/read-audit.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const nodes = [model, score]
const outputs = ['good', 'review', 'reject', 'lost']
const scores = Array.from({ length: 199 }, (_, index) => 0.001 * (index + 1))
let userDir: string
let bundles: string

interface Changes { model?: object, score?: object }

const flow = (changes: Changes = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line-1', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5', ...changes.model },
  { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: 'line-1', product: 'plate', deadline: '0', policy: 'every', capacity: '4', batch: '1', wires: outputs.map((id) => [id]), ...changes.score },
  ...outputs.map((id) => ({ id, z: 'flow', type: 'helper' })),
  { id: 'caught', z: 'flow', type: 'catch', scope: ['score'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

const send = (frame: Frame, more: object = {}): void => { nodeOf('score').receive({ frame, topic: 'camera', ...more }) }
const modelNode = (): ModelNode => nodeOf('model') as ModelNode
const ready = async (): Promise<unknown> => untilStatus('score', ({ text }) => text?.endsWith('status.waiting') === true)

async function untilPlaced (): Promise<SlottedModel> {
  const placed = modelNode().current()
  return placed ?? await new Promise((resolve) => { modelNode().once('changed', resolve) })
}

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-score-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  bundles = join(userDir, 'goodparts', 'bundles')
  mkdirSync(bundles, { recursive: true })
  await saveBundle(join(bundles, 'line-1.onnx'), await brightnessBundle({}, { calibration: { scores, heldOutBy: 'image' } }))
  await saveBundle(join(bundles, 'slow.onnx'), await brightnessBundle({ work: 60 }, { calibration: { scores, heldOutBy: 'image' } }))
  await saveBundle(join(bundles, 'lenient.onnx'), await brightnessBundle({}, { calibration: { scores: scores.map((value) => 5 * value), heldOutBy: 'image' } }))
  await startRuntime({ userDir })
})
afterEach(undeploy)
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

describe('goodparts-score', () => {
  it.each([[10, 'good'], [49, 'review'], [60, 'reject']] as const)('sends a frame of level %i to %s, with its record and map', async (level, output) => {
    await deploy(nodes, flow())
    await ready()
    const frame = flatFrame(level)
    const next = nextMessage(output)
    send(frame, { partId: 'p-7', untouched: 1 })
    const msg = await next
    expect(msg).toMatchObject({ topic: 'camera', untouched: 1, partId: 'p-7' })
    expect(msg.frame).toBe(frame)
    expect(msg.anomalyMap).toBeInstanceOf(AnomalyMap)
    expect(validate('inspection', msg.inspection)).toMatchObject({ verdict: output, line: 'line-1', product: 'plate', partId: 'p-7', frame: { id: frame.id }, traceId: frame.id.replaceAll('-', '') })
    expect(msg.payload).toBe(msg.inspection)
  })

  it('sends every frame to exactly one output, and accounts for each', async () => {
    await deploy(nodes, flow({ model: { bundle: 'slow' } }))
    await ready()
    const count = 12
    const seen: Array<{ output: string, trace: string, code: string }> = []
    const all = new Promise<void>((resolve) => {
      for (const output of outputs) {
        nodeOf(output).on('input', (msg) => {
          const { inspection } = msg as unknown as { inspection: { traceId: string, reason: { code: string } } }
          seen.push({ output, trace: inspection.traceId, code: inspection.reason.code })
          if (seen.length === count) resolve()
        })
      }
    })
    const frames = Array.from({ length: count }, () => flatFrame(10))
    for (const frame of frames) send(frame)
    await all
    expect(seen.map(({ trace }) => trace)).toEqual(frames.map(({ id }) => id.replaceAll('-', '')))
    const ledger = allLedgers().find(({ hop }) => hop === 'score/score')
    expect(ledger).toMatchObject({ in: count, inFlight: 0, dropped: { 'queue-full': seen.filter(({ output }) => output === 'lost').length } })
    expect(seen.filter(({ output }) => output === 'good')).toHaveLength(ledger!.out)
    expect((await untilStatus('score', ({ text }) => text?.endsWith('status.degraded') === true)).fill).toBe('yellow')
  })

  it('without a bundle sends frames on as not inspected', async () => {
    await deploy(nodes, flow({ model: { bundle: 'later' } }))
    expect(await untilStatus('score', () => true)).toMatchObject({ fill: 'grey', text: 'goodparts-score.status.noModel' })
    const next = nextMessage('lost')
    send(flatFrame(10))
    expect(await next).toMatchObject({ inspection: { verdict: 'not-inspected', reason: { code: 'model-unavailable' }, bundle: null } })
  })

  it('says on the node when the bundle is garbage, and sends frames on as not inspected', async () => {
    await writeFile(join(bundles, 'garbage.onnx'), 'This is no bundle.')
    await deploy(nodes, flow({ model: { bundle: 'garbage' } }))
    expect(await untilStatus('score', ({ fill }) => fill === 'red')).toMatchObject({ text: 'goodparts-score.status.failed' })
    const next = nextMessage('lost')
    send(flatFrame(10))
    expect(await next).toMatchObject({ inspection: { verdict: 'not-inspected' } })
  })

  it('goes on with the old bundle when a swap fails, and with the new one when it succeeds', async () => {
    await deploy(nodes, flow())
    const before = await untilPlaced()
    await expect(modelNode().swap(join(bundles, 'nowhere.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
    const old = nextMessage('reject')
    send(flatFrame(60))
    expect(await old).toMatchObject({ inspection: { bundle: { id: before.model.metadata.id } } })
    await untilStatus('score', ({ text }) => text?.endsWith('status.oldModel') === true)

    const after = await modelNode().swap(join(bundles, 'lenient.onnx'))
    const next = nextMessage('good')
    send(flatFrame(60))
    expect(await next).toMatchObject({ inspection: { bundle: { id: after.model.metadata.id }, limits: after.decision.limits } })
  })

  it('enters exchanged bundles and changed limits into the audit log, and what stays the same not again', async () => {
    const log = auditPath(userDir)
    const entered = (): object[] => readAudit(log).map(({ who, line, kind, details: { from = null, to = null } }) => ({ who, line, kind, from, to }))
    const limitsOf = ({ decision: { limits } }: SlottedModel, reviewRate = 0.05): object => ({ ...limits, reviewRate, rejectRate: 0.005 })
    const limits = { who: 'node:score', line: 'audited', kind: 'limits-changed' }
    const bundles = { who: 'node:model', line: null, kind: 'bundle-swapped' }
    const audited = (model: object = {}): object[] => flow({ score: { line: 'audited' }, model })

    await deploy(nodes, audited())
    const first = await untilPlaced()
    const second = await modelNode().swap(join(userDir, 'goodparts', 'bundles', 'lenient.onnx'))
    expect(entered().at(-1)).toMatchObject({ ...bundles, to: second.model.metadata.id })
    await undeploy()
    expect(entered().slice(-4)).toEqual(expect.arrayContaining([
      { ...limits, from: null, to: limitsOf(first) }, { ...bundles, from: first.model.metadata.id, to: second.model.metadata.id }, { ...limits, from: limitsOf(first), to: limitsOf(second) }
    ]))

    // A start with the first bundle is an exchange again; another start is none.
    await deploy(nodes, audited())
    await untilPlaced()
    await undeploy()
    const before = entered()
    await deploy(nodes, audited())
    await untilPlaced()
    await undeploy()
    expect(entered()).toEqual(before)

    await deploy(nodes, audited({ reviewRate: '10' }))
    const wider = await untilPlaced()
    await undeploy()
    expect(entered().slice(before.length)).toEqual([{ ...limits, from: limitsOf(first), to: limitsOf(wider, 0.1) }])
  })

  it('promises for a part what the limits of its product can, and enters these limits into the audit log', async () => {
    const own = { plate: scores.slice(0, 10), tile: scores.slice(0, 99) }
    await saveBundle(join(bundles, 'products.onnx'), await brightnessBundle({}, { calibration: { scores, heldOutBy: 'image', products: own } }))
    await deploy(nodes, flow({ model: { bundle: 'products' }, score: { line: 'products' } }))
    const { decision } = await untilPlaced()
    const promised = async (product: string): Promise<unknown> => {
      const next = nextMessage('good')
      send(flatFrame(0), { product })
      return (await next)['weakPromise']
    }
    expect(await promised('plate')).toMatchObject({ heldOut: 10, promised: 1 / 11 })
    for (const product of ['tile', 'cup']) expect(await promised(product)).toBeNull()
    await undeploy()
    const { to } = readAudit(auditPath(userDir)).findLast(({ line }) => line === 'products')!.details
    expect(to).toMatchObject({ ...decision.limits, products: { plate: decision.forProduct('plate').limits, tile: decision.forProduct('tile').limits } })
  })

  it('tells Catch nodes what the audit log lacks, the model\'s entries too', async () => {
    const log = auditPath(userDir)
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${log}${suffix}`, { force: true })
    mkdirSync(log)
    try {
      await deploy(nodes, flow())
      const caught = new Set<string>()
      nodeOf('errors').on('input', (msg) => {
        const { error } = msg as unknown as { error: { message: string, source: { id: string } } }
        caught.add(`${error.source.id}: ${/lacks an entry \(([\w-]+)\)/.exec(error.message)?.[1] ?? error.message}`)
      })
      await expect.poll(() => [...caught].sort(), { timeout: 20_000 }).toEqual(['model: bundle-swapped', 'score: limits-changed'])
    } finally {
      await undeploy()
      rmSync(log, { recursive: true })
    }
  }, 60_000)

  it.each([['no model', ''], ['a node of another type', 'errors']])('says so where its form names %s', async (_what, name) => {
    await deploy(nodes, flow({ score: { model: name } }))
    await untilStatus('score', ({ text }) => text?.endsWith('status.notConfigured') === true)
    const next = nextMessage('lost')
    send(flatFrame(10))
    expect(await next).toMatchObject({ inspection: { verdict: 'not-inspected', reason: { code: 'model-unavailable' } } })
  })

  it('refuses a message without a frame', async () => {
    await deploy(nodes, flow())
    const errors = nextMessage('errors')
    nodeOf('score').receive({ payload: 'hello' })
    expect(await errors).toMatchObject({ error: { message: expect.stringContaining('Expected msg.frame') as string } })
  })

  it.each([
    { score: { policy: 'some' } }, { score: { capacity: '0' } }, { score: { batch: 'x' } }, { score: { deadline: '-1' } }, { score: { model: 'none' } },
    { model: { device: 'abacus' } }, { model: { workers: '0' } }, { model: { reviewRate: '0' } }, { model: { rejectRate: '50' } }, { model: { bundle: '../../../etc/passwd' } }
  ])('shows that it is not configured for %j', async (changes) => {
    await deploy(nodes, flow(changes))
    expect((await untilStatus('score', ({ fill }) => fill === 'red')).shape).toBe('ring')
  })
})

describe('Node-RED’s clone', () => {
  it('passes frames and maps by reference, and leaves pixels out of JSON', () => {
    const { util } = createRequire(createRequire(import.meta.url).resolve('node-red'))('@node-red/util') as { util: { cloneMessage: <T>(msg: T) => T } }
    const frame = flatFrame(3)
    const anomalyMap = new AnomalyMap(new Float32Array(6), 2, 3)
    const msg = { frame, anomalyMap, payload: { deep: [1] }, inside: { frames: [frame] } }
    const clone = util.cloneMessage(msg)
    expect(clone).not.toBe(msg)
    expect(clone.payload).not.toBe(msg.payload)
    expect(clone.frame).toBe(frame)
    expect(clone.inside.frames[0]).toBe(frame)
    expect(clone.anomalyMap).toBe(anomalyMap)
    expect(isFrame(clone.frame) && clone.frame.pixels()[0]).toBe(3)
    expect(JSON.stringify(clone).length).toBeLessThan(1000)
  })
})
