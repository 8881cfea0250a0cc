import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBundle, saveBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { BundleHistory } from '../../engine/continual/detector-update/bundle-history.ts'
import { ExemplarStore } from '../../engine/continual/exemplar-store.ts'
import { updateDetector, type UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import { LabelInbox } from '../../engine/continual/label-inbox.ts'
import { pngOf } from '../../engine/continual/frame-png.ts'
import { removedLabel } from '../../engine/label-text.ts'
import { LineReplay, type LineReplayOptions } from '../../engine/continual/line-replay.ts'
import { PictureFiles } from '../../engine/continual/picture-files.ts'
import { patchMemory } from '../../engine/detectors/patch-memory/patch-memory.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { part, range } from './detector-update/products.ts'
import { frameOf, inspectionOf, optionsIn } from './woven-line.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let parent: ModelBundle
let folder: string
let replay: LineReplay
const disk = mountSmallDisk('16m')

beforeAll(async () => {
  const images = range(0, 30).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  parent = await patchMemory.fit(images, { scale: 'standard', size: 64, bankSize: 100, components: 16, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
})
beforeEach(async () => { await begin(mkdtempSync(join(tmpdir(), 'goodparts-line-replay-'))) })
afterEach(async () => {
  await replay.close()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => { disk?.end() })

async function begin (path: string, change: Partial<LineReplayOptions> = {}): Promise<void> {
  folder = path
  await saveBundle(join(folder, 'line.onnx'), parent)
  replay = new LineReplay({ ...optionsIn(folder), ...change })
}

async function labelGood (seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) await replay.labelPicture(await pngOf(frameOf(seed)), { product: 'woven', label: 'good', partId: `woven ${seed}`, by: 'person' }, null)
}

async function updated (): Promise<UpdateOutcome> {
  const failed = once(replay, 'failed').then(([error]) => { throw error as Error })
  const outcome = once(replay, 'updated').then(([found]) => found as UpdateOutcome)
  replay.update()
  return await Promise.race([outcome, failed])
}

/** Labels of what the memory holds. */
function remembered (): string[] {
  const store = new ExemplarStore({ folder: join(folder, 'replay', 'memory'), items: 40, bytes: 1e9 })
  const labels = store.read().exemplars.map(({ label }) => label)
  store.close()
  return labels
}

const idInUse = async (): Promise<string> => (await readBundle(join(folder, 'line.onnx'))).metadata.id

describe('a line that keeps learning', () => {
  it('updates in another process, is taken back by one call, and remembers what it did', async () => {
    await labelGood(range(100, 36))
    const outcome = await updated()
    expect(outcome.gate.reasons).toEqual([])
    expect(outcome).toMatchObject({ accepted: true, parent: parent.metadata.id })
    expect(await idInUse()).toBe(outcome.bundle)
    expect(replay.state).toMatchObject({ waiting: 0, updating: false, last: { bundle: outcome.bundle } })
    expect((await replay.picture(outcome.exemplars[0]!.sha256))?.byteLength).toBeGreaterThan(100)
    await replay.rollback()
    expect(await idInUse()).toBe(parent.metadata.id)
    expect(replay.state).toMatchObject({ waiting: 36, last: null })
    expect(remembered()).toEqual([])
    expect(await updated()).toMatchObject({ accepted: true, parent: parent.metadata.id, memory: outcome.memory })
    const last = replay.state.last

    const again = new LineReplay({ request: { bundle: '', folder: join(folder, 'replay'), policy: 'herding', memory: { items: 1, bytes: 1 }, inbox: { items: 1, bytes: 1 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 }, updateAfter: 0, learnFromLineEveryMs: null, driftRate: 0.1 })
    await again.recall()
    expect(again.state.last).toEqual(last)
    await again.close()
  })

  it('killed at any stage of an update leaves a whole bundle and a whole memory, and no label is lost', async () => {
    await labelGood(range(100, 36))
    const waiting = (): number => new LabelInbox(join(folder, 'replay', 'inbox'), { items: 200, bytes: 1e9 }).waiting.length
    const stages = new Set<string>()
    for (const stage of ['embedding', 'learning', 'checking']) {
      const reached = new Promise<void>((resolve) => {
        replay.on('progress', (now) => { if (now === stage) resolve() })
      })
      replay.update()
      await reached
      await replay.cancel()
      stages.add(stage)
      expect(await idInUse()).toBe(parent.metadata.id)
      expect(waiting()).toBe(36)
      expect(remembered()).toEqual([])
    }
    expect(stages.size).toBe(3)
    expect(await updated()).toMatchObject({ accepted: true })
  })

  it('cancelled when the update is decided already, tells of it', async () => {
    await labelGood(range(100, 36))
    const outcome = once(replay, 'updated').then(([found]) => found as UpdateOutcome)
    const inode = statSync(join(folder, 'line.onnx')).ino
    replay.update()
    while (statSync(join(folder, 'line.onnx')).ino === inode) await new Promise((resolve) => { setImmediate(resolve) })
    await replay.cancel()
    expect(await idInUse()).toBe((await outcome).bundle)
    expect(replay.state).toMatchObject({ waiting: 0, last: { accepted: true } })
    expect(remembered().length).toBeGreaterThan(0)
  })

  it('begun again after the whole process was ended by an update that was decided, tells of it once', async () => {
    await labelGood(range(100, 36))
    await replay.close()
    const { request } = optionsIn(folder)
    const outcome = await updateDetector(request)
    for (const times of [1, 0]) {
      replay = new LineReplay(optionsIn(folder))
      const told: UpdateOutcome[] = []
      replay.on('updated', (found) => { told.push(found) })
      await replay.recall()
      expect(told).toEqual(Array(times).fill(outcome))
      await replay.close()
    }
  })

  it('begins by itself after so many labels of persons', async () => {
    await replay.close()
    await begin(folder, { updateAfter: 36 })
    const outcome = once(replay, 'updated')
    await labelGood(range(100, 36))
    expect((await outcome)[0]).toMatchObject({ accepted: true })
  })

  describe('counts the labels that no update has looked at', () => {
    const dues: number[] = []
    const beginAgain = async (updateAfter = 3): Promise<void> => {
      await replay.close()
      replay = new LineReplay({ ...optionsIn(folder), updateAfter })
      dues.length = 0
      replay.on('due', (labels) => { dues.push(labels) })
      await replay.recall()
    }
    beforeEach(async () => { await beginAgain() })

    it('over a start, and begins at the start where so many wait', async () => {
      await labelGood([100, 101])
      await beginAgain()
      expect(dues).toEqual([])
      await labelGood([102])
      expect(dues).toEqual([3])
      await labelGood([103])
      expect(dues).toEqual([3])
      await beginAgain()
      expect(dues).toEqual([4])
      await labelGood([104, 105, 106])
      expect(dues).toEqual([4, 7])
    })

    it('not those of the line, of pictures to be let go, or that were taken back', async () => {
      await labelGood([100, 101, 102])
      await replay.withdraw(replay.waiting[0]!.sha256)
      await replay.relabel(replay.waiting[0]!.sha256, { product: 'woven', label: 'remove' })
      await replay.labelPicture(await pngOf(frameOf(103)), { product: 'woven', label: 'good', partId: null, by: 'line' }, null)
      await beginAgain()
      expect(dues).toEqual([])
    })

    it('again after an update that failed', async () => {
      await labelGood([100, 101, 102])
      writeFileSync(join(folder, 'line.onnx'), 'damaged')
      await expect(updated()).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
      await labelGood([103])
      expect(dues).toEqual([3, 4])
    })

    it('not those of an update that was refused, by a label that comes while its end is being seen to', async () => {
      await labelGood([100, 101, 102])
      let go: () => void = () => {}
      const held = new Promise<void>((resolve) => { go = resolve })
      let isSeenTo: () => void = () => {}
      const seenTo = new Promise<void>((resolve) => { isSeenTo = resolve })
      const refresh = Reflect.get<LabelInbox, 'refreshInTurn'>(LabelInbox.prototype, 'refreshInTurn')
      vi.spyOn(LabelInbox.prototype, 'refreshInTurn').mockImplementation(async function (this: LabelInbox) {
        isSeenTo()
        await held
        await refresh.call(this)
      })
      const outcome = updated()
      await seenTo
      dues.length = 0
      await labelGood([103])
      go()
      expect(await outcome).toMatchObject({ accepted: false })
      vi.restoreAllMocks()
      expect(dues).toEqual([])
      await labelGood([104, 105])
      expect(dues).toEqual([3])
    })

    it('not again after one that was refused or cancelled, also over a start', async () => {
      await labelGood([100, 101, 102])
      expect(await updated()).toMatchObject({ accepted: false })
      await labelGood([103])
      await beginAgain()
      expect(dues).toEqual([])
      replay.update()
      await replay.cancel()
      await beginAgain(1)
      expect(dues).toEqual([])
      await labelGood([104])
      expect(dues).toEqual([1])
    })
  })

  it('takes the same label a second time for a message that came twice, and for a confirmation only of what was held back or by another word', async () => {
    const confirmed = (): boolean[] => replay.waiting.map((picture) => picture.confirmed)
    for (let times = 0; times < 2; times++) await labelGood([500])
    expect(confirmed()).toEqual([false])
    const { sha256 } = replay.waiting[0]!
    await replay.relabel(sha256, { product: 'woven', label: 'good' })
    expect(confirmed()).toEqual([true])
    expect(replay.waiting).toMatchObject([{ partId: 'woven 500' }])
    await labelGood([500])
    expect(confirmed()).toEqual([true])
    await replay.withdraw(sha256)

    await labelGood(range(100, 36))
    const blot = await encodePng(part('woven', 700, true))
    const inspection = inspectionOf(frameOf(700), 9)
    const sayGood = async (wordId: string | null, inspected: InspectionRecord | null = inspection): Promise<string> => replay.labelPicture(blot, { product: 'woven', label: 'good', partId: 'woven 700', by: 'person', wordId }, inspected)
    await sayGood('first')
    const wrong = await sayGood('of a colleague')
    expect((await updated()).heldBack).toMatchObject([{ sha256: wrong }])
    // Delivered a second time by a broker, in any order; and what cannot be told from that.
    await sayGood('first')
    expect(confirmed()).toEqual([false])
    await sayGood(null, null)
    expect(confirmed()).toEqual([false])
    await sayGood('first')
    expect(confirmed()).toEqual([false])
    await sayGood('second')
    expect(confirmed()).toEqual([true])
    await sayGood('first')
    expect(replay.waiting).toMatchObject([{ sha256: wrong, confirmed: true }])
  })

  it('learns no word again that is delivered again, and none after a rollback that a person took back; says what the model keeps of it', async () => {
    const sayGood = async (): Promise<void> => {
      for (const seed of range(100, 36)) await replay.labelPicture(await pngOf(frameOf(seed)), { product: 'woven', label: 'good', partId: `woven ${seed}`, by: 'person', wordId: `labels/0/${seed}` }, null)
    }
    await sayGood()
    const waited = replay.waiting[0]!.sha256
    expect(await replay.withdraw(waited)).toBe('not-learned')
    const outcome = await updated()
    expect(outcome.accepted).toBe(true)
    await sayGood()
    expect(replay.state.waiting).toBe(0)

    const learned = outcome.learnedPictures![0]!.sha256
    const remembers = outcome.exemplars[0]!.sha256
    expect(await replay.withdraw(learned)).toBe('in-model')
    expect(replay.state.waiting).toBe(0)
    expect(await replay.withdraw(remembers)).toBe('at-next-update')
    await replay.rollback()
    expect(replay.waiting).toHaveLength(34)
    expect(replay.waiting.map(({ sha256 }) => sha256)).not.toContain(learned)
    expect(replay.waiting.find(({ sha256 }) => sha256 === remembers)).toMatchObject({ label: removedLabel })
    await sayGood()
    expect(replay.waiting).toHaveLength(34)
    expect(replay.waiting.find(({ sha256 }) => sha256 === remembers)).toMatchObject({ label: removedLabel })
  })

  it('sets no limit by a picture that it no longer remembers once its word was taken back', async () => {
    await replay.close()
    await begin(folder, { request: { ...optionsIn(folder).request, memory: { items: 12, bytes: 1e9 }, mode: 'recalibrate' } })
    await labelGood(range(100, 36))
    const { exemplars } = await updated()
    const remembers = new Set(exemplars.map(({ sha256 }) => sha256))
    const calibration = async (): Promise<Array<string | null>> => (await readBundle(join(folder, 'line.onnx'))).metadata.calibration.pictures!
    const evicted = (await calibration()).find((picture) => picture !== null && !remembers.has(picture))!
    expect(await replay.withdraw(evicted)).toBe('at-next-update')
    await labelGood(range(140, 4))
    expect((await updated()).accepted).toBe(true)
    expect(await calibration()).not.toContain(evicted)
  })

  it('says why when an update cannot be made', async () => {
    await expect(updated()).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES' })
  })

  it('says so when its inbox is gone after an update, and lives on', async () => {
    const failed = once(replay, 'failed')
    replay.on('progress', () => { rmSync(join(folder, 'replay', 'inbox'), { recursive: true, force: true }) })
    await labelGood(range(100, 36))
    replay.update()

    expect((await failed)[0]).toBeInstanceOf(Error)
    await replay.cancel()
    expect(replay.state.updating).toBe(false)
  })

  it('takes a bundle back and gives pictures with no hash, no database and no read of the inbox in this thread, and keeps what is said meanwhile', async () => {
    const bundle = join(folder, 'line.onnx')
    await new BundleHistory(join(folder, 'replay', 'history')).keep(bundle)
    await labelGood([100])
    writeFileSync(bundle, 'damaged')
    const here = [vi.spyOn(ExemplarStore.prototype, 'goBack'), vi.spyOn(BundleHistory.prototype, 'read'), vi.spyOn(PictureFiles.prototype, 'read'), vi.spyOn(LabelInbox.prototype, 'refresh')]
    const back = replay.rollback(parent.metadata.id)
    await Promise.all([back, labelGood([101, 102])])
    expect(replay.waiting.map(({ partId }) => partId).sort()).toEqual(['woven 100', 'woven 101', 'woven 102'])
    expect(Buffer.from((await replay.picture(replay.waiting[0]!.sha256))!).subarray(1, 4).toString()).toBe('PNG')
    expect(here.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0])
    vi.restoreAllMocks()
    expect(await idInUse()).toBe(parent.metadata.id)
    await expect(replay.rollback('0'.repeat(16))).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
    expect(replay.state.updating).toBe(false)
    await labelGood([103])
    expect(replay.waiting).toHaveLength(4)
  })

  it('says that its labels cannot be read, and goes on with them when they can', async () => {
    await labelGood([100])
    const { sha256 } = replay.waiting[0]!
    await replay.close()
    const path = join(folder, 'replay', 'inbox', 'labels', `${sha256}.json`)
    renameSync(path, join(folder, 'elsewhere'))
    symlinkSync(path, path)
    replay = new LineReplay(optionsIn(folder))
    await expect(replay.recall()).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED', message: expect.stringContaining(path) as string })
    await expect(labelGood([101])).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED' })
    renameSync(join(folder, 'elsewhere'), path)
    await labelGood([101])
    expect(replay.waiting.map(({ partId }) => partId).sort()).toEqual(['woven 100', 'woven 101'])
    expect(await replay.picture(sha256)).not.toBeNull()
  })

  it('gives no file away but pictures of its own', async () => {
    expect(await replay.picture('../../line')).toBeNull()
    expect(await replay.picture('0'.repeat(64))).toBeNull()
  })
})

describe.skipIf(disk === null)('a line that keeps learning on a full disk', () => {
  it('refuses the update, keeps bundle and memory, and goes on when there is room', async () => {
    await replay.close()
    rmSync(folder, { recursive: true, force: true })
    await begin(join(disk!.path, 'line'))
    await labelGood(range(100, 36))
    const filler = join(disk!.path, 'filler')
    let chunk = 0
    expect(() => { for (;;) writeFileSync(`${filler}${chunk++}`, Buffer.alloc(65_536)) }).toThrow(/ENOSPC/)
    await expect(updated()).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED', fix: expect.stringMatching(/room|space/) as string })
    expect(await idInUse()).toBe(parent.metadata.id)
    await expect(labelGood([999])).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED' })
    for (let index = 0; index < chunk; index++) rmSync(`${filler}${index}`, { force: true })
    expect(await updated()).toMatchObject({ accepted: true })
  })
})
