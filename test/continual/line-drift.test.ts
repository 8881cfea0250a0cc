/** What the line kept between a change and its alarm: held back while the alarm stands, after it, and over a start. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { saveBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import { pngOf } from '../../engine/continual/frame-png.ts'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { patchMemory } from '../../engine/detectors/patch-memory/patch-memory.ts'
import { part, range } from './detector-update/products.ts'
import { frameOf, inspectionOf, optionsIn } from './woven-line.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let parent: ModelBundle
let folder: string
let replay: LineReplay

beforeAll(async () => {
  const images = range(0, 30).map((seed) => ({ name: `woven ${seed}`, group: null, calibration: false, read: () => Promise.resolve(part('woven', seed)) }))
  parent = await patchMemory.fit(images, { scale: 'standard', size: 64, bankSize: 100, components: 16, whitening: false, normalisation: 'backbone' }, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
})
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-line-drift-'))
  await saveBundle(join(folder, 'line.onnx'), parent)
  begin()
  for (const seed of range(100, 36)) await replay.labelPicture(await pngOf(frameOf(seed)), { product: 'woven', label: 'good', partId: `woven ${seed}`, by: 'person' }, null)
})
afterEach(async () => {
  await replay.close()
  rmSync(folder, { recursive: true, force: true })
})

function begin (): void {
  replay = new LineReplay({ ...optionsIn(folder), learnFromLineEveryMs: 0 })
  replay.watch({ calibrationScores: Array.from({ length: 60 }, (_, index) => index / 60) })
}

async function inspect (seed: number, score: number): Promise<void> {
  await replay.inspected(frameOf(seed), inspectionOf(frameOf(seed), score))
}

/** Parts that score ever more, good as before to the line. */
async function untilAlarm (): Promise<void> {
  for (let seed = 500; replay.state.drift === null; seed++) await inspect(seed, seed)
}

async function outcomeOf (asked: () => void): Promise<UpdateOutcome> {
  const failed = once(replay, 'failed').then(([error]) => { throw error as Error })
  const outcome = once(replay, 'updated').then(([found]) => found as UpdateOutcome)
  asked()
  return await Promise.race([outcome, failed])
}

const updated = async (): Promise<UpdateOutcome> => outcomeOf(() => { replay.update() })
const ofLine = (): string[] => replay.waiting.filter(({ by }) => by === 'line').map(({ sha256 }) => sha256).sort()
const heldForDrift = ({ heldBack }: UpdateOutcome): string[] => heldBack.filter(({ reason }) => reason === 'in-drift').map(({ sha256 }) => sha256).sort()

it('is not learned while the alarm stands, nor after it, nor after a start, until a person says what it is', async () => {
  await untilAlarm()
  const kept = ofLine()
  expect(kept.length).toBeGreaterThan(0)
  const standing = await updated()
  expect(standing).toMatchObject({ accepted: true })
  expect(heldForDrift(standing)).toEqual(kept)

  replay.resetDrift()
  await replay.close()
  begin()
  await replay.recall()
  await inspect(300, 0.5)
  const since = ofLine().filter((sha256) => !kept.includes(sha256))
  expect(since).toHaveLength(1)
  await replay.relabel(kept[0]!, { product: 'woven', label: 'good' })
  const after = await updated()
  expect(heldForDrift(after)).toEqual(kept.slice(1))
  expect(after.heldBack.map(({ sha256 }) => sha256)).not.toContain(since[0])
})

it('is not learned by an update that runs when the alarm comes: that one begins anew', async () => {
  for (const seed of range(200, 5)) await inspect(seed, 0.5)
  const kept = ofLine()
  expect(kept).toHaveLength(5)
  const begun: string[] = []
  let alarm = Promise.resolve()
  replay.on('progress', (stage, done) => {
    if (stage === 'embedding' && done === 0) begun.push(stage)
    if (stage === 'learning' && begun.length === 1) alarm = untilAlarm()
  })
  const outcome = await updated()
  await alarm
  expect(begun).toHaveLength(2)
  expect(heldForDrift(outcome)).toEqual(expect.arrayContaining(kept))
  expect(outcome.learnedPictures?.filter(({ by }) => by === 'line')).toEqual([])
})

it('that one is not begun anew once it was cancelled', async () => {
  await inspect(200, 0.5)
  const learning = new Promise<void>((resolve) => { replay.on('progress', (stage) => { if (stage === 'learning') resolve() }) })
  replay.update()
  await learning
  const cancelled = replay.cancel()
  await Promise.all([untilAlarm(), cancelled])
  expect(replay.state).toMatchObject({ updating: false, last: null })
})
