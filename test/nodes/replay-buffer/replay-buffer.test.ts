import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeMessage } from 'node-red'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { saveBundle, type ModelBundle } from '../../../engine/bundle/bundle.ts'
import type { UpdateOutcome } from '../../../engine/continual/detector-update/update-detector.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { auditPath } from '../../../engine/store/audit-log.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { allLedgers, type LedgerSnapshot } from '../../../engine/frame/ledger.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import type { LearningSheet } from '../../../schemas/learning.ts'
import replayBuffer from '../../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import { mostUnderWay } from '../../../nodes/replay-buffer/settings.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { part, range, type Product } from '../../continual/detector-update/products.ts'
import { readAudit } from '../../store/read-audit.ts'
import { deploy, getFromEditorRoute, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const nodes = [model, score, replayBuffer]
let userDir: string
let parent: ModelBundle

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
  { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: 'line-1', product: 'woven', deadline: '0', policy: 'every', capacity: '8', batch: '1', wires: [['verdict'], ['verdict'], ['verdict'], ['verdict']] },
  { id: 'buffer', z: 'flow', type: 'goodparts-replay-buffer', name: 'replay', model: 'model', product: 'woven', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [['update'], ['event'], ['relabel']], ...changes },
  ...['update', 'event', 'relabel', 'verdict', 'errors'].map((id) => ({ id, z: 'flow', type: 'helper' })),
  { id: 'caught', z: 'flow', type: 'catch', scope: ['buffer'], wires: [['errors']] }
]

function frameOf (product: Product, seed: number, defective = false): Frame {
  const { data, width, height, channels } = part(product, seed, defective)
  return Frame.fromPixels(data, { source: 'camera', sequence: seed, width, height, channels })
}

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-replay-node-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  const images = range(0, 30).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  parent = await patchMemory.fit(images, { scale: 'standard', size: 64, bankSize: 100, components: 16, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  await startRuntime({ userDir })
})
beforeEach(async () => { await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx'), parent) })
afterEach(async () => {
  await undeploy()
  rmSync(join(userDir, 'goodparts'), { recursive: true, force: true })
})
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

const inUse = (): string | undefined => (nodeOf('model') as ModelNode).current()?.model.metadata.id

/** Every label is acknowledged. */
async function labelled (product: Product, seeds: readonly number[], label: string, defective = false): Promise<void> {
  let left = seeds.length
  const kept = new Promise<void>((resolve) => {
    nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'kept' && --left === 0) resolve() })
  })
  for (const seed of seeds) nodeOf('buffer').receive({ frame: frameOf(product, seed, defective), label, product, partId: `${product} ${seed}` })
  await kept
}

/** What the buffer has entered into the audit log. */
const entered = (): Array<{ kind: string, line: string | null, details: object }> => readAudit(auditPath(userDir)).filter(({ who }) => who === 'node:buffer').map(({ kind, line, details }) => ({ kind, line, details }))

const status = async (name: string, node = 'buffer'): Promise<unknown> => untilStatus(node, ({ text }) => text?.endsWith(`status.${name}`) === true)

describe('goodparts-replay-buffer', () => {
  it('updates the model while the line runs, tells what to look at again, and takes it back on a word', async () => {
    await deploy(nodes, flow())
    await status('waiting', 'score')
    await labelled('woven', range(100, 36), 'good')
    await labelled('woven', range(200, 4), 'blot', true)
    // The line goes on: every frame sent meanwhile is judged.
    let judged = 0
    nodeOf('verdict').on('input', () => { judged++ })
    let sent = 0
    const timer = setInterval(() => { nodeOf('score').receive({ frame: frameOf('woven', 500 + sent++) }) }, 100)
    const [updating, asking] = [nextMessage('update'), nextMessage('relabel')]
    nodeOf('buffer').receive({ buffer: 'update' })
    const [update, relabel] = [await updating, await asking]
    clearInterval(timer)
    const outcome = update['payload'] as UpdateOutcome & { kind: string }
    expect(outcome).toMatchObject({ kind: 'accepted', parent: parent.metadata.id, gate: { reasons: [] } })
    expect(inUse()).toBe(outcome.bundle)
    expect((relabel['payload'] as Array<{ picture: Buffer }>).every(({ picture }) => picture.byteLength > 100)).toBe(true)
    await status('accepted')
    const all = new Promise<void>((resolve) => {
      const check = (): void => { if (judged === sent) resolve() }
      nodeOf('verdict').on('input', check)
      check()
    })
    await all
    expect(judged).toBe(sent)

    const sheet = (await getFromEditorRoute('/goodparts/replay-buffer/buffer/exemplars')).body as LearningSheet
    expect(sheet.memory).toHaveLength(outcome.memory.items)
    expect(sheet.memory[0]!.text).toMatch(/keeps SNNL/)
    expect((await getFromEditorRoute(`/goodparts/replay-buffer/buffer/picture/${sheet.memory[0]!.sha256}`)).status).toBe(200)
    expect((await getFromEditorRoute('/goodparts/replay-buffer/buffer/picture/line')).status).toBe(404)

    const changed = new Promise<void>((resolve) => { nodeOf('model').once('changed', () => { resolve() }) })
    nodeOf('buffer').receive({ buffer: 'rollback' })
    await changed
    expect(inUse()).toBe(parent.metadata.id)

    const log = entered()
    expect(log.slice(0, 40).map(({ kind, details }) => [kind, (details as { label: string }).label])).toEqual(range(0, 40).map((i) => ['label', i < 36 ? 'good' : 'blot']))
    expect(log.slice(40)).toMatchObject([
      { kind: 'update-asked', details: { mode: null, waiting: 40 } },
      { kind: 'update-accepted', details: { bundle: outcome.bundle, parent: parent.metadata.id, reasons: [], limits: outcome.gate.limits, learned: outcome.learnedPictures, gone: [] } },
      { kind: 'bundle-rolled-back', details: { to: parent.metadata.id } }
    ])
    const labels = new Set(log.slice(0, 40).map(({ details }) => (details as { sha256: string }).sha256))
    const { added, learned, heldBack } = log[41]!.details as Record<'added' | 'learned' | 'heldBack', Array<{ sha256: string }>>
    expect(added).toHaveLength(outcome.memory.items)
    expect(learned).toHaveLength(outcome.learned)
    // Every part is learned from, checks or is held back.
    expect(new Set([...added, ...learned, ...heldBack].map(({ sha256 }) => sha256))).toEqual(labels)
  })

  it('enters every word that is changed into the audit log, and what came to nothing', async () => {
    await deploy(nodes, flow({ line: 'line-1' }))
    await labelled('woven', [400, 401], 'good')
    const [first, second] = entered().map(({ details }) => (details as { sha256: string }).sha256) as [string, string]
    const next = async (message: NodeMessage & { buffer: string }, kind: string): Promise<object> => {
      nodeOf('buffer').receive(message)
      return await vi.waitFor(() => {
        const last = entered().at(-1)
        expect(last?.kind).toBe(kind)
        return last as object
      }, { timeout: 60_000 })
    }

    expect(await next({ buffer: 'relabel', payload: { sha256: first, label: 'blot' } }, 'exemplar-relabelled')).toMatchObject({ line: 'line-1', details: { sha256: first, label: 'blot', product: 'woven' } })
    expect(await next({ buffer: 'relabel', payload: { sha256: first, label: 'remove' } }, 'exemplar-removed')).toMatchObject({ details: { sha256: first } })
    expect(await next({ buffer: 'withdraw', payload: { sha256: second } }, 'label-withdrawn')).toMatchObject({ details: { sha256: second } })
    const before = entered().length
    expect(await next({ buffer: 'relabel', payload: { sha256: '0'.repeat(64), label: 'blot' } }, 'change-failed')).toMatchObject({ details: { code: 'GOODPARTS_PART_GONE' } })
    expect(entered().slice(before).map(({ kind }) => kind)).toEqual(['exemplar-relabelled', 'change-failed'])
  })

  it('enters into the audit log why it begins an update by itself, and what a rollback ends', async () => {
    await deploy(nodes, flow({ updateAfter: '3' }))
    await status('waiting', 'score')
    const ended = new Promise<void>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'refused') resolve() })
    })
    await labelled('woven', [410, 411, 412], 'good')
    await ended
    expect(entered().slice(3)).toMatchObject([{ kind: 'update-asked', details: { mode: null, waiting: 3, because: 'after 3 labels' } }, { kind: 'update-refused' }])

    nodeOf('buffer').receive({ buffer: 'update' })
    await vi.waitFor(() => { expect(entered().filter(({ kind }) => kind === 'update-asked')).toHaveLength(2) }, { timeout: 60_000 })
    // The entry is on the disk before the update begins.
    await status('updating')
    nodeOf('buffer').receive({ buffer: 'rollback' })
    await vi.waitFor(() => { expect(entered().at(-1)?.kind).toBe('change-failed') }, { timeout: 60_000 })
    expect(entered().slice(5)).toMatchObject([
      { kind: 'update-asked' },
      { kind: 'update-cancelled' },
      { kind: 'bundle-rolled-back', details: { to: null } },
      { kind: 'change-failed', details: { code: 'GOODPARTS_NOTHING_TO_TAKE_BACK' } }
    ])
  })

  it('keeps the labels that are under way when it is closed, each in the audit log', async () => {
    await deploy(nodes, flow())
    for (const seed of range(420, 8)) nodeOf('buffer').receive({ frame: frameOf('woven', seed), label: 'good', product: 'woven' })
    await undeploy()
    const { waiting } = new LabelInbox(join(userDir, 'goodparts', 'replay', 'buffer', 'inbox'), { items: 100, bytes: 1e9 })
    expect(waiting).toHaveLength(8)
    expect(entered().map(({ kind }) => kind)).toEqual(Array(8).fill('label'))
  })

  it('enters a word once, however often it is delivered', async () => {
    await deploy(nodes, flow())
    const acknowledged: unknown[] = []
    nodeOf('event').on('input', ({ payload }) => { acknowledged.push(payload) })
    const deliver = async (wordId: string, label: string): Promise<void> => {
      const before = acknowledged.length
      nodeOf('buffer').receive({ frame: frameOf('woven', 440), label, product: 'woven', wordId })
      await vi.waitFor(() => { expect(acknowledged).toHaveLength(before + 1) }, { timeout: 60_000 })
    }
    for (const [wordId, label] of [['first', 'good'], ['first', 'good'], ['second', 'blot'], ['second', 'blot']] as const) await deliver(wordId, label)
    expect(entered()).toMatchObject([{ kind: 'label', details: { label: 'good', wordId: 'first' } }, { kind: 'label', details: { label: 'blot', wordId: 'second' } }])
  })

  it('shows that labels cannot be kept until one is, and enters a word that fails once', async () => {
    await deploy(nodes, flow())
    await labelled('woven', [449], 'good')
    const pictures = join(userDir, 'goodparts', 'replay', 'buffer', 'inbox', 'pictures')
    // As on a full disk, nothing can be written there, even by an administrator.
    rmSync(pictures, { recursive: true })
    writeFileSync(pictures, '')
    let answers = 0
    for (const id of ['event', 'errors']) nodeOf(id).on('input', () => { answers++ })
    const deliver = async (): Promise<void> => {
      const before = answers
      nodeOf('buffer').receive({ frame: frameOf('woven', 450), label: 'good', product: 'woven', wordId: 'first' })
      await vi.waitFor(() => { expect(answers).toBe(before + 1) }, { timeout: 30_000 })
    }
    await deliver()
    await deliver()
    await untilStatus('buffer', ({ fill, text }) => fill === 'yellow' && text?.includes('status.labelsFail') === true)
    expect(entered().slice(1).map(({ kind }) => kind)).toEqual(['label', 'change-failed'])
    rmSync(pictures)
    mkdirSync(pictures)
    await deliver()
    await untilStatus('buffer', ({ text }) => text?.endsWith('status.collecting') === true)
    await deliver()
    expect(entered().slice(1).map(({ kind }) => kind)).toEqual(['label', 'change-failed', 'label'])
  })

  it('refuses labels beyond those that may be under way, and counts them', async () => {
    await deploy(nodes, flow())
    const frame = frameOf('woven', 430)
    for (let times = 0; times < mostUnderWay + 5; times++) nodeOf('buffer').receive({ frame, label: 'good', product: 'woven' })
    const ledger = (): LedgerSnapshot | undefined => allLedgers().find(({ hop }) => hop === 'replay-buffer/buffer')
    await vi.waitFor(() => { expect(ledger()).toMatchObject({ inFlight: 0, out: mostUnderWay }) }, { timeout: 60_000 })
    expect(ledger()).toEqual({ hop: 'replay-buffer/buffer', in: mostUnderWay + 5, out: mostUnderWay, dropped: { 'queue-full': 5 }, inFlight: 0 })
    await undeploy()
    expect(ledger()).toBeUndefined()
  })

  it('refuses with the numbers, and the model stays', async () => {
    await deploy(nodes, flow())
    await status('waiting', 'score')
    await labelled('striped', range(300, 12), 'good')
    const refused = new Promise<{ kind: string, gate: { reasons: string[] } }>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'refused') resolve(payload as never) })
    })
    nodeOf('buffer').receive({ buffer: 'update' })
    expect((await refused).gate.reasons[0]).toMatch(/no product that the model knew has 10 held-out/)
    expect(inUse()).toBe(parent.metadata.id)
    expect(entered().at(-1)).toMatchObject({ kind: 'update-refused', details: { added: [], reasons: [expect.stringMatching(/no product that the model knew/) as string] } })
    await status('refused')
  })

  it('tells of drift by what it has inspected', async () => {
    await deploy(nodes, flow())
    await status('waiting', 'score')
    const drift = new Promise<{ signal: string, advice: string }>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'drift') resolve(payload as never) })
    })
    // One after the other: the product that runs, then another.
    let seed = 0
    const next = (): void => {
      seed++
      nodeOf('score').receive({ frame: frameOf(seed <= 60 ? 'woven' : 'striped', 1000 + seed) })
    }
    nodeOf('verdict').on('input', (msg) => {
      nodeOf('buffer').receive(msg)
      if (seed < 160) next()
    })
    next()
    expect(await drift).toMatchObject({ signal: 'scores', advice: 'label-lot' })
    expect(seed).toBeGreaterThan(60)
    await status('drift')

    nodeOf('buffer').receive({ buffer: 'reset-drift' })
    await vi.waitFor(() => { expect(entered().at(-1)).toMatchObject({ kind: 'drift-reset', details: { signals: expect.arrayContaining(['scores']) as string[] } }) }, { timeout: 60_000 })
  })

  it('refuses messages that say nothing, each once', async () => {
    await deploy(nodes, flow())
    for (const [message, error] of [[{ payload: 1 }, /msg.buffer to be one of/], [{ frame: frameOf('woven', 1) }, /msg.label or msg.inspection/], [{ frame: frameOf('woven', 1), label: '' }, /msg.label/]] as const) {
      const caught = nextMessage('errors')
      nodeOf('buffer').receive(message)
      expect((await caught)['error']).toMatchObject({ message: expect.stringMatching(error) as string })
    }
  })

  it('lets Catch nodes hear of an update that failed, and says so in its events', async () => {
    await deploy(nodes, flow())
    const failed = new Promise<unknown>((resolve) => {
      nodeOf('event').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'failed') resolve(payload) })
    })
    const caught = nextMessage('errors')
    // Nothing was labelled.
    nodeOf('buffer').receive({ buffer: 'update' })
    const about = { code: 'GOODPARTS_TOO_FEW_IMAGES', message: expect.stringContaining('label') as string, fix: expect.any(String) as string }
    expect(await caught).toMatchObject({ error: { message: expect.stringContaining('label') as string, source: { id: 'buffer' } }, payload: about })
    expect(await failed).toMatchObject(about)

    await untilStatus('buffer', ({ fill, text }) => fill === 'yellow' && text?.includes('status.updateFailed') === true)
    expect(((await getFromEditorRoute('/goodparts/replay-buffer/buffer/exemplars')).body as LearningSheet).state.failed).toMatchObject(about)
    await vi.waitFor(() => { expect(entered()).toMatchObject([{ kind: 'update-asked' }, { kind: 'change-failed', details: { change: 'update-asked', code: 'GOODPARTS_TOO_FEW_IMAGES' } }]) })
  })

  it('says that it is not configured without a model', async () => {
    await deploy(nodes, flow({ model: '' }))
    await status('notConfigured')
  })
})
