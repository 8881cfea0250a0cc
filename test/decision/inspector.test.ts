import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Verdict } from '../../schemas/inspection.ts'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { inspectionEventId } from '../../engine/decision/event-id.ts'
import { Inspector, type Inspection, type InspectorOptions } from '../../engine/decision/inspector.ts'
import { VerdictTally } from '../../engine/decision/verdict-tally.ts'
import { ModelSlot } from '../../engine/decision/model-slot.ts'
import { validate } from '../../engine/schema-validation.ts'
import { brightnessBundle, flatFrame } from '../runtime/brightness-bundle.ts'

const options: InspectorOptions = { line: 'line-1', product: 'plate', deadlineMs: Infinity, policy: 'every', capacity: 8, batch: 1, hop: 'score/test' }
const part = (name: string): { partId: string } => ({ partId: `part ${name}` })
const scores = Array.from({ length: 199 }, (_, index) => 0.001 * (index + 1))

let folder: string
let slot: ModelSlot
const open: Inspector[] = []

function inspector (over: Partial<InspectorOptions> = {}, of = slot): Inspector {
  const made = new Inspector(() => of.current, { ...options, ...over })
  open.push(made)
  return made
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-inspector-'))
  const calibration = { scores, heldOutBy: 'image' as const }
  await saveBundle(join(folder, 'first.onnx'), await brightnessBundle({ work: 20 }, { calibration }))
  await saveBundle(join(folder, 'second.onnx'), await brightnessBundle({ work: 20 }, { calibration: { scores: scores.map((score) => 5 * score), heldOutBy: 'image' } }))
  slot = new ModelSlot({ device: 'cpu', workers: 2, threads: 1, cacheFolder: null, reviewRate: 0.05, rejectRate: 0.005 })
  await slot.swap(join(folder, 'first.onnx'))
})

afterEach(() => { for (const one of open.splice(0)) one.close() })

afterAll(async () => {
  await slot.close()
  rmSync(folder, { recursive: true })
})

describe('an inspector', () => {
  it('judges a part by the limits of its product: what the part says of itself, else what the line runs', async () => {
    const own = scores.map((score) => 0.5 * score)
    await saveBundle(join(folder, 'products.onnx'), await brightnessBundle({}, { calibration: { scores, heldOutBy: 'image', products: { plate: own } } }))
    const products = new ModelSlot({ device: 'cpu', workers: 1, threads: 1, cacheFolder: null, reviewRate: 0.05, rejectRate: 0.005 })
    const { decision } = await products.swap(join(folder, 'products.onnx'))
    try {
      const line = inspector({}, products)
      const judged = async (product?: string | null): Promise<unknown> => {
        const { record } = await line.inspect(flatFrame(40), { partId: null, ...(product === undefined ? {} : { product }) })
        return { product: record.product, verdict: record.verdict, reject: record.limits?.reject }
      }
      const reject = decision.forProduct('plate').limits.reject
      expect(reject).toBeLessThan(0.6 * decision.limits.reject)
      for (const product of [undefined, null, 'plate']) expect(await judged(product)).toEqual({ product: 'plate', verdict: 'reject', reject })
      expect(await judged('tile')).toEqual({ product: 'tile', verdict: 'good', reject: decision.limits.reject })
    } finally {
      await products.close()
    }
  })

  it('gives good, review and reject, each with a record of the schema and its map', async () => {
    const line = inspector()
    const frames = [10, 49, 60].map((level) => flatFrame(level))
    const results = await Promise.all(frames.map(async (frame, index) => line.inspect(frame, part(String(index)))))
    expect(results.map(({ record }) => record.verdict)).toEqual(['good', 'review', 'reject'])
    results.forEach(({ record, anomalyMap }, index) => {
      expect(validate('inspection', record)).toBe(record)
      expect(record).toMatchObject({ line: 'line-1', product: 'plate', partId: `part ${index}`, traceId: frames[index]!.id.replaceAll('-', ''), frame: frames[index]!.toJSON(), limits: slot.current?.decision.limits })
      expect(record.eventId).toBe(inspectionEventId('line-1', options.hop, frames[index]!.id))
      expect(anomalyMap?.width).toBe(40)
    })
    expect(line.ledger).toMatchObject({ in: 3, out: 3, dropped: {}, inFlight: 0 })
  })

  it('never calls a late frame good', async () => {
    const line = inspector({ deadlineMs: 1 })
    const { record, anomalyMap } = await line.inspect(flatFrame(10), part('late'))
    expect(validate('inspection', record)).toMatchObject({ verdict: 'not-inspected', reason: { code: 'deadline-passed' }, score: null, limits: null })
    expect(anomalyMap).toBeUndefined()
    expect(line.ledger).toMatchObject({ in: 1, out: 0, dropped: { 'deadline-passed': 1 }, inFlight: 0 })
  })

  it.each([['every', 'queue-full'], ['newest', 'superseded']] as const)('with the policy %s gives exactly one verdict to each of many frames, in order', async (policy, reason) => {
    const line = inspector({ policy, capacity: 3 })
    const order: string[] = []
    const count = 20
    const results = await Promise.all(Array.from({ length: count }, async (_, index) => {
      const result = await line.inspect(flatFrame(10), part(String(index)))
      order.push(result.record.partId ?? '')
      return result
    }))
    expect(order).toEqual(Array.from({ length: count }, (_, index) => `part ${index}`))
    const judged = results.filter(({ record }) => record.verdict === 'good').map(({ record }) => Number(record.partId?.slice(5)))
    // Two threads began at once; three waited: the first that came, or the last.
    expect(judged).toEqual(policy === 'every' ? [0, 1, 2, 3, 4] : [0, 1, 17, 18, 19])
    expect(line.ledger).toMatchObject({ in: count, out: 5, dropped: { [reason]: 15 }, inFlight: 0 })
  })

  it('holds only so many frames behind a run that hangs, and counts those as in flight', async () => {
    const { model, decision } = slot.current!
    const hanging = Object.assign(Object.create(model) as typeof model, { choice: { ...model.choice, workers: 1 }, score: async () => await new Promise<never>(() => {}) })
    const line = new Inspector(() => ({ model: hanging, decision }), { ...options, policy: 'newest', capacity: 2 })
    open.push(line)
    const frame = flatFrame(10)
    const order: string[] = []
    const results = Array.from({ length: 1000 }, async (_, index) => { order.push((await line.inspect(frame, part(String(index)))).record.partId ?? '') })
    await setImmediate()

    const delivered = order.length
    expect(delivered).toBeGreaterThan(500)
    expect(line.ledger).toMatchObject({ in: 1000, out: 0, dropped: { superseded: delivered }, inFlight: 1000 - delivered })
    line.close()
    await Promise.all(results)
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => `part ${index}`))
    expect(line.ledger).toMatchObject({ in: 1000, dropped: { superseded: 998, 'line-stopped': 2 }, inFlight: 0 })
  })

  it('says that no model is there', async () => {
    const line = inspector({}, new ModelSlot())
    expect((await line.inspect(flatFrame(1), part('x'))).record).toMatchObject({ verdict: 'not-inspected', reason: { code: 'model-unavailable' }, bundle: null })
  })

  it('lets frames wait for the first bundle while it is loaded, and says of those given up what was missing', async () => {
    const first = new ModelSlot({ device: 'cpu', workers: 1, threads: 1, cacheFolder: null })
    const line = new Inspector(() => first.current ?? (first.state.kind === 'loading' ? 'loading' : undefined), { ...options, policy: 'newest', capacity: 2 })
    open.push(line)
    first.on('state', () => { line.modelChanged() })
    const loading = once(first, 'state')
    const loaded = first.swap(join(folder, 'first.onnx'))
    await loading
    const results = Array.from({ length: 5 }, async (_, index) => line.inspect(flatFrame(10), part(String(index))))
    await loaded
    const records = (await Promise.all(results)).map(({ record }) => record)
    expect(records.map(({ verdict }) => verdict)).toEqual(['not-inspected', 'not-inspected', 'not-inspected', 'good', 'good'])
    expect(records[0]).toMatchObject({ reason: { code: 'model-unavailable', text: 'The model is being loaded' }, bundle: null })
    expect(line.ledger).toMatchObject({ in: 5, out: 2, dropped: { 'model-unavailable': 3 }, inFlight: 0 })
    await first.close()
  })

  it('gives up what waits for a bundle that cannot be loaded, and past its deadline what waits for one', async () => {
    const first = new ModelSlot({ device: 'cpu', workers: 1, threads: 1, cacheFolder: null })
    const current = (): 'loading' | undefined => first.state.kind === 'loading' ? 'loading' : undefined
    const [patient, hurried] = [Infinity, 1].map((deadlineMs) => new Inspector(current, { ...options, deadlineMs })) as [Inspector, Inspector]
    open.push(patient, hurried)
    first.on('state', () => { patient.modelChanged() })
    const loading = once(first, 'state')
    const refused = expect(first.swap(join(folder, 'nowhere.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
    await loading
    const results = [patient, hurried].map(async (line) => line.inspect(flatFrame(10), part('x')))
    await refused
    expect((await Promise.all(results)).map(({ record: { reason } }) => reason.code)).toEqual(['model-unavailable', 'model-unavailable'])
    await first.close()
  })

  it('tells why scoring failed', async () => {
    const frame = flatFrame(1)
    Object.defineProperty(frame, 'memory', { value: new SharedArrayBuffer(1) })
    expect((await inspector().inspect(frame, part('x'))).record).toMatchObject({ verdict: 'not-inspected', reason: { code: 'scoring-failed', text: expect.any(String) as string } })
  })

  it('gives every frame its verdict when it is closed', async () => {
    const line = inspector()
    const results = Array.from({ length: 6 }, async (_, index) => line.inspect(flatFrame(10), part(String(index))))
    line.close()
    expect((await Promise.all(results)).map(({ record }) => record.reason.code)).toEqual(Array(6).fill('line-stopped'))
    expect(line.ledger).toMatchObject({ in: 6, out: 0, inFlight: 0 })
  })

  it('loses no frame while the model is exchanged, and judges each by the limits of the model that scored it', async () => {
    const line = inspector({ capacity: 1000 })
    const limits = { [slot.current!.model.metadata.id]: slot.current!.decision.limits }
    const results: Array<Promise<Inspection>> = []
    const swapped = slot.swap(join(folder, 'second.onnx'))
    for (let turn = 0; slot.state.kind === 'loading' || turn === 0; turn++) {
      const result = line.inspect(flatFrame(60), part(String(turn)))
      results.push(result)
      await result
    }
    await swapped
    results.push(line.inspect(flatFrame(60), part('after')))
    limits[slot.current!.model.metadata.id] = slot.current!.decision.limits
    const records = (await Promise.all(results)).map(({ record }) => record)
    expect(Object.keys(limits)).toHaveLength(2)
    for (const record of records) expect(record.limits).toEqual(limits[record.bundle!.id])
    expect(records[0]?.verdict).toBe('reject')
    expect(records.at(-1)?.verdict).toBe('good')
    expect(line.ledger).toMatchObject({ in: records.length, out: records.length, dropped: {} })
  })
})

describe('a model slot', () => {
  it('keeps the old model when a swap fails, and says why', async () => {
    const before = slot.current
    const states: string[] = []
    slot.on('state', ({ kind }) => { states.push(kind) })
    await expect(slot.swap(join(folder, 'nowhere.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
    expect(states).toEqual(['loading', 'failed'])
    expect(slot.current).toBe(before)
    expect(slot.state).toMatchObject({ kind: 'failed', current: before })
    expect((await inspector().inspect(flatFrame(10), part('x'))).record.verdict).toBe('good')
  })

  it('places the last of several swaps', async () => {
    const changes: string[] = []
    slot.on('changed', ({ path }) => { changes.push(path) })
    await Promise.all([slot.swap(join(folder, 'first.onnx')), slot.swap(join(folder, 'second.onnx'))])
    expect(changes.map((path) => path.slice(folder.length + 1))).toEqual(['first.onnx', 'second.onnx'])
    expect(slot.current?.path).toContain('second')
  })

  it('refuses work once it is closed', async () => {
    const closed = new ModelSlot()
    await closed.close()
    await expect(closed.swap(join(folder, 'first.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_INFERENCE_FAILED' })
  })
})

describe('an event id', () => {
  it('is a UUID of version 5, the same for the same line, judge and frame only', () => {
    const id = inspectionEventId('line-1', 'score/1', 'frame')
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(inspectionEventId('line-1', 'score/1', 'frame')).toBe(id)
    expect(new Set([id, inspectionEventId('line-2', 'score/1', 'frame'), inspectionEventId('line-1', 'score/2', 'frame'), inspectionEventId('line-1', 'score/1', 'frame2'), inspectionEventId('line-1', 'score/1f', 'rame')]).size).toBe(5)
  })
})

describe('a tally', () => {
  it('tells rate and good share of the last ten seconds', () => {
    let now = 0
    const tally = new VerdictTally(() => now)
    expect(tally.summary()).toEqual({ perSecond: 0, goodShare: null, notInspected: 0 })
    const verdicts: Verdict[] = ['good', 'good', 'reject', 'good', 'not-inspected']
    for (const verdict of verdicts) {
      now += 100
      tally.add(verdict)
    }
    expect(tally.summary()).toEqual({ perSecond: 10, goodShare: 0.75, notInspected: 1 })
    now += 20_000
    expect(tally.summary()).toEqual({ perSecond: 0, goodShare: null, notInspected: 0 })
  })
})
