import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBundle, saveBundle, writeBundle, type ModelBundle } from '../../../engine/bundle/bundle.ts'
import { checkGoldenVectors } from '../../../engine/bundle/golden.ts'
import { BundleHistory } from '../../../engine/continual/detector-update/bundle-history.ts'
import { takeBackTo } from '../../../engine/continual/detector-update/line-change.ts'
import { isHeldOut, sortLot } from '../../../engine/continual/detector-update/labelled-lot.ts'
import { readPatchMemory } from '../../../engine/continual/detector-update/patch-memory-graph.ts'
import { updateDetector, type UpdateOutcome, type UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { ExemplarStore } from '../../../engine/continual/exemplar-store.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { removedLabel } from '../../../engine/label-text.ts'
import { createDecision } from '../../../engine/decision/decision.ts'
import { patchMemory } from '../../../engine/detectors/patch-memory/patch-memory.ts'
import { Scorer } from '../../../engine/detectors/scorer.ts'
import { encodePng } from '../../../engine/frame/image-codec.ts'
import { addParts, part, range, type Product } from './products.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let parent: ModelBundle
let folder: string
/** As it is after the product that runs was confirmed. */
let afterFirst: string
let firstOutcome: UpdateOutcome
let request: UpdateRequest

beforeAll(async () => {
  const images = range(0, 40).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  parent = await patchMemory.fit(images, { scale: 'standard', size: 96, bankSize: 200, components: 24, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
})
beforeAll(async () => {
  afterFirst = mkdtempSync(join(tmpdir(), 'goodparts-update-'))
  await useFolder(afterFirst)
  await addParts(inbox(), 'woven', range(100, 40))
  await addParts(inbox(), 'woven', range(200, 8), { defective: true })
  firstOutcome = await updateDetector(request)
})
beforeEach(() => useFolder(mkdtempSync(join(tmpdir(), 'goodparts-update-'))))
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })
afterAll(() => { rmSync(afterFirst, { recursive: true, force: true }) })

async function useFolder (path: string): Promise<void> {
  folder = path
  request = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 60, bytes: 1e9 }, inbox: { items: 500, bytes: 1e9 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 }
  await saveBundle(request.bundle, parent)
}

const inbox = (): LabelInbox => new LabelInbox(join(folder, 'inbox'), request.inbox)

/** A picture of the memory. */
const encodedOf = async (sha256: string): Promise<Buffer> => readFile(join(folder, 'memory', 'pictures', `${sha256}.img`))

/** The product that runs, confirmed by a person. */
function known (): UpdateOutcome {
  cpSync(afterFirst, folder, { recursive: true })
  return firstOutcome
}

async function scores (bundle: ModelBundle, product: Product, seeds: readonly number[], defective = false): Promise<number[]> {
  const scorer = await Scorer.open(bundle.bytes, 1)
  try {
    const found: number[] = []
    for (const seed of seeds) found.push(await scorer.score(part(product, seed, defective)))
    return found
  } finally {
    await scorer.close()
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

it('a picture stays its part\'s, and on its side of the gate, when a person says something else of it', async () => {
  known()
  const store = new ExemplarStore({ folder: join(folder, 'memory'), ...request.memory })
  const { exemplars } = store.read()
  // By their own hash they would be learned.
  const held = exemplars.filter(({ id, label, group }) => isHeldOut({ id, label, group }) && !isHeldOut({ id, label, group: null }))
  expect(held.length).toBeGreaterThan(2)
  for (const { id } of held) await inbox().add(store.pictures.read(id)!, { product: 'woven', label: 'good', partId: null, by: 'person', pValue: null, inDrift: false }, { confirmed: true })
  store.close()
  const { learned, checked } = await sortLot(inbox(), { memory: [], remembered: exemplars }, null, () => {})
  expect(learned).toEqual([])
  expect(checked.map(({ item }) => [item.id, item.group]).sort()).toEqual(held.map(({ id, group }) => [id, group]).sort())
})

describe('a patch memory taken apart', () => {
  it('is the same model when its own bank is put back', async () => {
    const memory = readPatchMemory(parent.bytes)
    expect(memory.bank.entries.length / memory.bank.width).toBe(200)
    const again = await Scorer.open(memory.withEntries(memory.bank.entries), 1)
    const before = await scores(parent, 'striped', [1, 2])
    for (const [index, seed] of [1, 2].entries()) expect(await again.score(part('striped', seed))).toBeCloseTo(before[index]!, 4)
    await again.close()
  })

  it('refuses a bank of another size', () => {
    const memory = readPatchMemory(parent.bytes)
    expect(() => memory.withEntries(memory.bank.entries.subarray(memory.bank.width))).toThrow(/Expected 200 entries.*got 199/)
  })
})

describe('a continual update', () => {
  it('learns a new product into a bank of the same size, and the old one is judged as before', async () => {
    expect(known().accepted).toBe(true)
    const first = await readBundle(request.bundle)
    await addParts(inbox(), 'striped', range(300, 30))
    const outcome = await updateDetector(request)
    expect(outcome).toMatchObject({ accepted: true, heldBack: [], gate: { reasons: [] }, parent: first.metadata.id })
    const second = await readBundle(request.bundle)
    expect(second.metadata).toMatchObject({ id: outcome.bundle, parent: first.metadata.id, options: { products: ['woven', 'striped'], update: 'extend' } })
    expect(readPatchMemory(second.bytes).bank.entries).toHaveLength(readPatchMemory(parent.bytes).bank.entries.length)

    const [newBefore, newAfter] = [await scores(first, 'striped', range(400, 10)), await scores(second, 'striped', range(400, 10))]
    const [oldBefore, oldAfter] = [await scores(first, 'woven', range(500, 10)), await scores(second, 'woven', range(500, 10))]
    const { reject } = outcome.gate.limits.after
    expect(Math.min(...newBefore)).toBeGreaterThan(outcome.gate.limits.before.reject)
    expect(newAfter.filter((score) => score > reject).length).toBeLessThanOrEqual(2)
    expect(mean(newAfter)).toBeLessThan(0.5 * mean(newBefore))
    expect(oldAfter.filter((score) => score > reject).length).toBeLessThanOrEqual(1)
    expect(mean(oldAfter)).toBeLessThan(1.3 * mean(oldBefore))
    expect(Math.min(...await scores(second, 'woven', range(600, 10), true))).toBeGreaterThan(reject)
    expect(Math.min(...await scores(second, 'striped', range(600, 10), true))).toBeGreaterThan(reject)
  })

  it('reports for each product what changed', async () => {
    known()
    await addParts(inbox(), 'striped', range(300, 30))
    const { gate } = await updateDetector(request)
    const woven = gate.products.find(({ product }) => product === 'woven')!
    expect(woven).toMatchObject({ known: true, defects: 8, caught: { before: 1, after: 1 }, auroc: { before: 1, after: 1 } })
    expect(woven.good).toBeGreaterThanOrEqual(10)
    expect(gate.products.find(({ product }) => product === 'striped')).toMatchObject({ known: false, falseRejects: { before: 1 } })
  })

  it('leaves a bundle that answers its golden vectors', async () => {
    known()
    const bundle = await readBundle(request.bundle)
    const scorer = await Scorer.open(bundle.bytes, 1)
    expect(await checkGoldenVectors((image) => scorer.run(image), bundle.metadata)).toBeLessThan(1e-6)
    await scorer.close()
  })

  it('is refused without good parts of what the model knew, and changes nothing', async () => {
    await addParts(inbox(), 'striped', range(300, 30))
    const outcome = await updateDetector(request)
    expect(outcome).toMatchObject({ accepted: false, bundle: parent.metadata.id, memory: { items: 0 } })
    expect(outcome.gate.reasons[0]).toMatch(/no product that the model knew has 10 held-out good parts/)
    expect((await readBundle(request.bundle)).metadata).toEqual(parent.metadata)
    expect(inbox().waiting).toHaveLength(30)
  })

  it('is refused when defects come as good parts: every fifth label is wrong', async () => {
    known()
    const before = await readBundle(request.bundle)
    await addParts(inbox(), 'striped', range(300, 32))
    for (const seed of range(700, 8)) await addParts(inbox(), 'striped', [seed], { defective: true, label: 'good' })
    const outcome = await updateDetector(request)
    expect(outcome.accepted).toBe(false)
    expect(outcome.gate.reasons[0]).toMatch(/\d+ of 40 labels are contradicted by their pictures/)
    expect((await readBundle(request.bundle)).metadata.id).toBe(before.metadata.id)
    // The contradicted ones lead the queue.
    const wrong = new Set(outcome.heldBack.map(({ sha256 }) => sha256))
    expect(outcome.relabel.slice(0, wrong.size).every(({ sha256, place }) => wrong.has(sha256) && place === 'inbox')).toBe(true)
  })

  it('does not learn a single wrong label, but learns the rest', async () => {
    known()
    await addParts(inbox(), 'striped', range(300, 30))
    await addParts(inbox(), 'striped', [777], { defective: true, label: 'good' })
    const outcome = await updateDetector(request)
    expect(outcome).toMatchObject({ accepted: true, heldBack: [{ reason: 'unlike-its-lot' }] })
    expect(inbox().waiting.map(({ sha256 }) => sha256)).toEqual(outcome.heldBack.map(({ sha256 }) => sha256))
  })

  it('takes a person’s word that is confirmed', async () => {
    known()
    await addParts(inbox(), 'striped', range(300, 30))
    await addParts(inbox(), 'striped', [777], { defective: true, label: 'good', confirmed: true })
    expect((await updateDetector(request)).heldBack).toEqual([])
  })

  it('learns nothing near the limit or in drift without a person', async () => {
    known()
    await addParts(inbox(), 'woven', range(800, 6), { by: 'line', pValue: 0.6 })
    await addParts(inbox(), 'woven', range(810, 4), { by: 'line', pValue: 0.04 })
    await addParts(inbox(), 'woven', range(820, 3), { by: 'line', pValue: 0.9, inDrift: true })
    await addParts(inbox(), 'woven', range(830, 2), { by: 'person', pValue: 0.04 })
    const { heldBack, learned, checked } = await updateDetector(request)
    expect(heldBack.map(({ reason }) => reason).toSorted()).toEqual([...Array<string>(3).fill('in-drift'), ...Array<string>(4).fill('near-limit')])
    expect(learned + checked).toBe(8)
  })

  it('calibrates anew without touching the graph', async () => {
    await addParts(inbox(), 'woven', range(100, 30))
    const outcome = await updateDetector({ ...request, mode: 'recalibrate' })
    const bundle = await readBundle(request.bundle)
    expect(outcome).toMatchObject({ accepted: true, learned: 0 })
    expect(bundle.metadata.graphSha256).toBe(parent.metadata.graphSha256)
    expect(bundle.metadata.calibration.scores).toHaveLength(parent.metadata.calibration.scores.length + 30)
  })

  it('calibrates on no good part that the bundle in use rejects when the rest of the lot passes, unless a person confirms it', async () => {
    await addParts(inbox(), 'woven', range(100, 30))
    await addParts(inbox(), 'woven', [700], { defective: true, label: 'good' })
    const waiting = inbox().waiting.map(({ sha256, partId }) => ({ sha256, partId }))
    const wrong = waiting.find(({ partId }) => partId === 'woven 700')!.sha256
    const outcome = await updateDetector({ ...request, mode: 'recalibrate' })
    expect(outcome).toMatchObject({ accepted: true, checked: 30, heldBack: [{ sha256: wrong, reason: 'beyond-the-limit' }] })
    const largest = (await readBundle(request.bundle)).metadata.calibration.scores.at(-1)!
    expect(inbox().waiting.map(({ sha256 }) => sha256)).toEqual([wrong])
    await addParts(inbox(), 'woven', [700], { defective: true, label: 'good', confirmed: true })
    const again = await updateDetector({ ...request, mode: 'recalibrate' })
    expect(again.heldBack).toEqual([])
    expect(again.gate.limits.after.reject).toBeGreaterThan(largest)
  })

  it('doubts no good part by the old limit where most of its lot lie beyond: the product or its light has changed', async () => {
    for (const seed of range(950, 10)) await inbox().add(await encodePng(part('striped', seed)), { product: 'woven', label: 'good', partId: `p${seed}`, by: 'person', pValue: null, inDrift: false })
    await addParts(inbox(), 'woven', range(100, 4))
    expect((await updateDetector({ ...request, mode: 'recalibrate' })).heldBack).toEqual([])
  })

  it('is not stopped by a defect of a product without confirmed good parts', async () => {
    known()
    await addParts(inbox(), 'striped', [310], { defective: true })
    expect((await updateDetector(request)).accepted).toBe(true)
    await addParts(inbox(), 'woven', range(960, 6))
    const { accepted, gate } = await updateDetector(request)
    expect(gate.products.find(({ product }) => product === 'striped')).toMatchObject({ known: false, good: 0, defects: 1 })
    expect({ accepted, reasons: gate.reasons }).toEqual({ accepted: true, reasons: [] })
  })

  it('is not stopped by a bundle that lists a product for a single defect of it, as bundles once did', async () => {
    known()
    await addParts(inbox(), 'striped', [310], { defective: true })
    await updateDetector(request)
    const { bytes, metadata: { schema: _schema, id: _id, graphSha256: _graph, signature: _signature, ...described } } = await readBundle(request.bundle)
    await saveBundle(request.bundle, writeBundle(readPatchMemory(bytes).withEntries(readPatchMemory(bytes).bank.entries), { ...described, options: { ...described.options, products: ['woven', 'striped'] } }))
    await addParts(inbox(), 'woven', range(960, 6))
    const { gate } = await updateDetector(request)
    expect(gate.products.find(({ product }) => product === 'striped')).toMatchObject({ known: false, good: 0 })
    expect(gate.reasons).toEqual([])
  })

  it('gives each product limits of its own from the second on, by which the gate judges it, and keeps them when it calibrates anew', async () => {
    known()
    expect((await readBundle(request.bundle)).metadata.calibration.products).toBeUndefined()
    await addParts(inbox(), 'striped', range(300, 40))
    const { gate } = await updateDetector(request)
    const { metadata: { calibration } } = await readBundle(request.bundle)
    expect(Object.keys(calibration.products!)).toEqual(['woven', 'striped'])
    const decision = createDecision({ calibrationScores: calibration.scores, productScores: calibration.products!, reviewRate: request.reviewRate, rejectRate: request.rejectRate })
    for (const product of ['woven', 'striped']) expect(gate.products.find((each) => each.product === product)!.limits!.after).toBeCloseTo(decision.forProduct(product).limits.reject, 9)
    expect(decision.forProduct('woven').limits.reject).not.toBeCloseTo(decision.forProduct('striped').limits.reject, 3)
    expect(decision.forProduct('unheard of').limits).toEqual(decision.limits)

    await addParts(inbox(), 'woven', range(970, 10))
    expect((await updateDetector({ ...request, mode: 'recalibrate' })).accepted).toBe(true)
    const again = (await readBundle(request.bundle)).metadata.calibration.products!
    expect(again['striped']).toEqual(calibration.products!['striped'])
    expect(again['woven']).toHaveLength(calibration.products!['woven']!.length + 10)
  })

  it('can be taken back', async () => {
    known()
    const updated = await readBundle(request.bundle)
    const history = new BundleHistory(join(folder, 'history'))
    expect((await history.list()).map(({ id }) => id)).toEqual([parent.metadata.id])
    await takeBackTo(request, { to: await history.read(parent.metadata.id), keepsPresent: true, outcome: () => null })
    expect((await readBundle(request.bundle)).metadata).toEqual(parent.metadata)
    expect((await history.list()).map(({ id }) => id)).toContain(updated.metadata.id)
    await expect(history.read('0123456789abcdef')).rejects.toThrow(/a kept bundle 0123456789abcdef/)
  })

  it('takes a person’s new word for an exemplar, and lets one go', async () => {
    known()
    const [first, second] = firstOutcome.exemplars.filter(({ label }) => label === 'woven/good')
    const labels = inbox()
    const said = { product: 'woven', partId: null, by: 'person', pValue: null, inDrift: false } as const
    for (const [exemplar, label] of [[first!, 'blot'], [second!, removedLabel]] as const) {
      await labels.add(await encodedOf(exemplar.sha256), { ...said, label }, { confirmed: true })
    }
    const { exemplars, accepted } = await updateDetector({ ...request, gate: { fewestGood: 10, largestDrop: 1 } })
    expect(accepted).toBe(true)
    expect(exemplars.find(({ sha256 }) => sha256 === first!.sha256)).toMatchObject({ label: 'woven/blot' })
    expect(exemplars.find(({ sha256 }) => sha256 === second!.sha256)).toBeUndefined()
    expect(inbox().waiting).toEqual([])
  })

  it('sets limits by no score of a picture that was said anew, let go or confirmed again, and by it again once that is taken back', async () => {
    const calibration = async (): Promise<{ scores: number[], pictures?: Array<string | null> }> => (await readBundle(request.bundle)).metadata.calibration
    const recalibrate = { ...request, memory: { items: 120, bytes: 1e9 }, mode: 'recalibrate' as const }
    await addParts(inbox(), 'woven', range(100, 40))
    await updateDetector(recalibrate)
    const before = await calibration()
    await addParts(inbox(), 'woven', range(150, 20))
    await addParts(inbox(), 'woven', [700], { defective: true, label: 'good', confirmed: true })
    const wrong = inbox().waiting.find(({ partId }) => partId === 'woven 700')!.sha256
    const lifted = await updateDetector(recalibrate)
    expect(lifted.accepted).toBe(true)
    const withWrong = await calibration()
    expect(withWrong.scores).toHaveLength(before.scores.length + lifted.checked)
    expect(withWrong.pictures!.at(-1)).toBe(wrong)
    const bundle = lifted.bundle

    const kept = lifted.exemplars.filter(({ label, sha256 }) => label === 'woven/good' && sha256 !== wrong && withWrong.pictures!.includes(sha256))
    const [right, gone] = kept
    const said = { product: 'woven', partId: null, by: 'person', pValue: null, inDrift: false } as const
    for (const [sha256, label] of [[wrong, 'blot'], [right!.sha256, 'good'], [gone!.sha256, removedLabel]] as const) {
      await inbox().add(await encodedOf(sha256), { ...said, label }, { confirmed: true })
    }
    const mended = await updateDetector(recalibrate)
    expect(mended.gate.reasons).toEqual([])
    const after = await calibration()
    expect(after.pictures).not.toContain(wrong)
    expect(after.pictures).not.toContain(gone!.sha256)
    expect(after.pictures!.filter((picture) => picture === right!.sha256)).toHaveLength(1)
    // Of the three only the one that is right has a score again, beside what was held back before.
    expect(after.scores).toHaveLength(withWrong.scores.length - 3 + mended.checked - 1)
    expect(mended.gate.limits.after.reject).toBeLessThan(0.5 * lifted.gate.limits.after.reject)
    expect((await scores(await readBundle(request.bundle), 'woven', [700], true))[0]).toBeGreaterThan(mended.gate.limits.after.reject)

    await takeBackTo(request, { to: await new BundleHistory(join(folder, 'history')).read(bundle), keepsPresent: true, outcome: () => null })
    expect(await calibration()).toEqual(withWrong)
  })

  it('is refused where nothing is left of a known product to check it on', async () => {
    known()
    await addParts(inbox(), 'striped', range(300, 40))
    const { exemplars } = await updateDetector(request)
    for (const { sha256 } of exemplars.filter(({ label }) => label.startsWith('woven/'))) {
      await inbox().add(await encodedOf(sha256), { product: 'woven', label: removedLabel, partId: null, by: 'person', pValue: null, inDrift: false }, { confirmed: true })
    }
    await addParts(inbox(), 'striped', range(400, 20))
    const { gate } = await updateDetector(request)
    expect(gate.products.find(({ product }) => product === 'woven')).toMatchObject({ known: true, good: 0, defects: 0 })
    expect(gate.reasons).toEqual(['woven: 0 held-out good parts, expected at least 10: label good parts of it again, or fit anew without it'])
  })

  it('names the megabytes that the memory lacks', async () => {
    const bytes = (await encodePng(part('woven', 100))).byteLength
    const small = { ...request, memory: { items: 60, bytes: 5 * bytes } }
    await addParts(inbox(), 'woven', range(100, 40))
    expect((await updateDetector(small)).accepted).toBe(true)
    await addParts(inbox(), 'woven', range(150, 4))
    const { gate } = await updateDetector(small)
    expect(gate.reasons.at(-1)).toMatch(/^woven: \d held-out good parts, expected at least 10: the memory holds 0\.\d+ MB, its classes need 0\.\d+ MB: make it larger$/)
  })

  it('says whether a lot looks like what is remembered of its product', async () => {
    known()
    await addParts(inbox(), 'woven', range(900, 10))
    const steady = await updateDetector(request)
    expect(steady.shifts).toMatchObject([{ product: 'woven', lot: 10 }])
    expect(steady.shifts[0]!.pValue).toBeGreaterThan(0.02)
    // Another product under the old name, confirmed so that it stands.
    for (const seed of range(950, 10)) await inbox().add(await encodePng(part('striped', seed)), { product: 'woven', label: 'good', partId: `p${seed}`, by: 'person', pValue: null, inDrift: false }, { confirmed: true })
    expect((await updateDetector(request)).shifts[0]!.pValue).toBeLessThan(0.01)
  })

  it('says so when nothing waits', async () => {
    await expect(updateDetector(request)).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES' })
  })
})
