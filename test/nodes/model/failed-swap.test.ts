import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBundle, saveBundle, writeBundle, type ModelBundle } from '../../../engine/bundle/bundle.ts'
import type { InspectionRecord } from '../../../schemas/inspection.ts'
import { BundleHistory } from '../../../engine/continual/detector-update/bundle-history.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import replayBuffer from '../../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { part, range } from '../../continual/detector-update/products.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let userDir: string
let path: string
let parent: ModelBundle

const flow = [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
  { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: 'line-1', product: 'woven', deadline: '0', policy: 'every', capacity: '8', batch: '1', wires: [['verdict'], ['verdict'], ['verdict'], ['verdict']] },
  { id: 'buffer', z: 'flow', type: 'goodparts-replay-buffer', name: 'replay', model: 'model', product: 'woven', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [['update'], ['event'], ['relabel']] },
  ...['update', 'event', 'relabel', 'verdict'].map((id) => ({ id, z: 'flow', type: 'helper' }))
]

const frameOf = (seed: number): Frame => {
  const { data, width, height, channels } = part('woven', seed)
  return Frame.fromPixels(data, { source: 'camera', sequence: seed, width, height, channels })
}

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-failed-swap-'))
  path = join(userDir, 'goodparts', 'bundles', 'line.onnx')
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  const images = range(0, 30).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  parent = await patchMemory.fit(images, { scale: 'standard', size: 64, bankSize: 100, components: 16, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  await startRuntime({ userDir })
})
beforeEach(async () => { await saveBundle(path, parent) })
afterEach(async () => {
  await undeploy()
  rmSync(join(userDir, 'goodparts'), { recursive: true, force: true })
})
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

async function label (seeds: readonly number[]): Promise<void> {
  let left = seeds.length
  const kept = new Promise<void>((resolve) => {
    nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'kept' && --left === 0) resolve() })
  })
  for (const seed of seeds) nodeOf('buffer').receive({ frame: frameOf(seed), label: 'good', product: 'woven', partId: `woven ${seed}` })
  await kept
}

/** What a disk does to a file between the update's process and the model. */
function damagedOnTheWay (damage: (path: string) => Promise<void>): void {
  const node = nodeOf('model') as ModelNode
  const swap = node.swap
  node.swap = async (bundle) => {
    node.swap = swap
    await damage(bundle)
    return await swap(bundle)
  }
}

async function verdict (seed: number): Promise<InspectionRecord> {
  const next = nextMessage('verdict')
  nodeOf('score').receive({ frame: frameOf(seed) })
  return (await next)['inspection'] as InspectionRecord
}

const damages: Array<[string, string, (path: string) => Promise<void>]> = [
  ['is cut short', 'GOODPARTS_BUNDLE_INVALID', async (bundle) => { truncateSync(bundle, (await readBundle(bundle)).bytes.byteLength >> 1) }],
  ['answers otherwise than it says', 'GOODPARTS_BUNDLE_GOLDEN', async (bundle) => {
    const { bytes, metadata: { schema: _schema, id: _id, graphSha256: _graph, signature: _signature, ...described } } = await readBundle(bundle)
    const vectors = described.golden.vectors.map((vector) => ({ ...vector, score: 2 * vector.score + 1 }))
    await saveBundle(bundle, writeBundle(bytes, { ...described, golden: { ...described.golden, vectors } }))
  }]
]

describe('an accepted update whose bundle cannot be loaded', () => {
  it.each(damages)('%s: the old one goes on, says so, and is what lies there and what is updated next', async (_what, code, damage) => {
    await deploy([model, score, replayBuffer], flow)
    await untilStatus('score', ({ text }) => text?.endsWith('status.waiting') === true)
    await label(range(100, 36))
    const failed = new Promise<{ code: string, message: string }>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'failed') resolve(payload as never) })
    })
    damagedOnTheWay(damage)
    nodeOf('buffer').receive({ buffer: 'update' })

    expect(await failed).toMatchObject({ code })
    await vi.waitFor(async () => { expect((await readBundle(path)).metadata.id).toBe(parent.metadata.id) }, { timeout: 30_000 })
    expect((nodeOf('model') as ModelNode).current()?.model.metadata.id).toBe(parent.metadata.id)
    expect((await verdict(500)).bundle?.id).toBe(parent.metadata.id)

    // Nobody can put the damaged one back.
    const history = new BundleHistory(join(userDir, 'goodparts', 'replay', 'buffer', 'history'))
    expect((await history.list()).map(({ id }) => id)).toEqual([parent.metadata.id])

    // What was labelled waits again, and is learned.
    const text = await untilStatus('buffer', ({ text }) => text?.endsWith('status.refused') === true)
    expect(text).toBeDefined()
    const inbox = new LabelInbox(join(userDir, 'goodparts', 'replay', 'buffer', 'inbox'), { items: 200, bytes: 1e9 })
    expect(inbox.waiting).toHaveLength(36)
    const update = nextMessage('update')
    nodeOf('buffer').receive({ buffer: 'update' })
    const { bundle, parent: before } = (await update)['payload'] as { bundle: string, parent: string }
    expect(before).toBe(parent.metadata.id)
    expect((await verdict(501)).bundle?.id).toBe(bundle)
  })
})

describe('an accepted update that cannot be told', () => {
  it('is in use, and lies where the model says', async () => {
    await deploy([model, score, replayBuffer], flow)
    await untilStatus('score', ({ text }) => text?.endsWith('status.waiting') === true)
    await label(range(100, 36))
    const failed = new Promise<{ message: string }>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'failed') resolve(payload as never) })
    })
    const buffer = nodeOf('buffer')
    const send = buffer.send.bind(buffer)
    buffer.send = (message) => {
      if (Array.isArray(message) && message[0] !== null) throw new Error('Not to be cloned')
      send(message)
    }
    nodeOf('buffer').receive({ buffer: 'update' })

    expect(await failed).toMatchObject({ message: 'Not to be cloned' })
    await untilStatus('buffer', ({ text }) => text?.endsWith('status.accepted') === true)
    const id = (nodeOf('model') as ModelNode).current()?.model.metadata.id
    expect(id).not.toBe(parent.metadata.id)
    // What the buffer still does comes to its end first.
    await undeploy()
    expect((await readBundle(path)).metadata.id).toBe(id)
  })
})
