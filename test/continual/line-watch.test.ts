import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LineReplay, type LineReplayOptions } from '../../engine/continual/line-replay.ts'
import { DriftMonitor, type DriftAlarm } from '../../engine/decision/drift/drift-monitor.ts'
import { measurePicture } from '../../engine/decision/drift/image-statistics.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import { part, range } from './detector-update/products.ts'
import { frameOf, inspectionOf, optionsIn } from './woven-line.ts'

let folder: string
let replay: LineReplay

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-line-watch-')) })
afterEach(async () => {
  await replay.close()
  rmSync(folder, { recursive: true, force: true })
})

function begin (change: Partial<LineReplayOptions>): void {
  replay = new LineReplay({ ...optionsIn(folder), ...change })
}

describe('what a line has inspected', () => {
  it('learns from the line only far from drift, and not more often than told', async () => {
    let now = 0
    begin({ learnFromLineEveryMs: 1000, now: () => now })
    const random = seededRandom(3)
    replay.watch({ calibrationScores: Array.from({ length: 60 }, () => normal(random)) })
    const alarms: string[] = []
    replay.on('drift', ({ signal }) => alarms.push(signal))
    for (let index = 0; index < 130; index++) {
      now += 500
      const frame = frameOf(index)
      await replay.inspected(frame, inspectionOf(frame, normal(random)))
    }
    expect(alarms).toEqual([])
    expect(replay.state).toMatchObject({ waiting: 65, inDrift: false })
    for (let index = 0; index < 60; index++) {
      now += 500
      const frame = frameOf(1000 + index, 25)
      await replay.inspected(frame, inspectionOf(frame, normal(random)))
    }
    expect(alarms).toContain('brightness')
    const { waiting } = replay.state
    expect(waiting).toBeLessThan(80)
    replay.resetDrift()
    expect(replay.state.inDrift).toBe(false)
  })

  it('tells of drift what a monitor tells that sees every picture in order, and reads no pixel in this thread', async () => {
    let now = 0
    begin({ now: () => now })
    const random = seededRandom(3)
    const calibrationScores = Array.from({ length: 60 }, () => normal(random))
    replay.watch({ calibrationScores })
    const monitor = new DriftMonitor({ calibrationScores, falseAlarmRate: 0.001, seed: 1 })
    const told: Array<[number, DriftAlarm]> = []
    const expected: Array<[number, DriftAlarm]> = []
    let read = 0
    for (let index = 0; index < 140; index++) {
      now += 500
      const frame = frameOf(index, index < 110 ? 0 : 25)
      const { width, height, channels } = frame
      const pixels = frame.pixels()
      Object.defineProperty(frame, 'pixels', { value: () => { read++; return pixels } })
      const score = normal(random)
      const alarms = [...monitor.observeScore(score), ...monitor.observePicture(measurePicture({ data: pixels, width, height, channels }, monitor.reference))]
      expected.push(...alarms.map((alarm): [number, DriftAlarm] => [index, alarm]))
      const listener = (alarm: DriftAlarm): void => { told.push([index, alarm]) }
      replay.on('drift', listener)
      await replay.inspected(frame, inspectionOf(frame, score))
      replay.off('drift', listener)
    }
    expect(told).toEqual(expected)
    expect(told.map(([, { signal }]) => signal)).toContain('brightness')
    expect(read).toBe(0)
  })

  it('forgets the picture that is being measured when drift is reset', async () => {
    let now = 0
    begin({ now: () => now })
    const alarms: string[] = []
    replay.on('drift', ({ signal }) => { alarms.push(signal) })
    replay.watch({ calibrationScores: [1, 2, 3] })
    const see = async (frame: Frame): Promise<void> => {
      now += 500
      await replay.inspected(frame, { ...inspectionOf(frame, 0), score: null })
    }
    // Were it the reference, all that follow had moved against it.
    const blank = Frame.fromPixels(new Uint8Array(96 * 96), { source: 'camera', sequence: 0, width: 96, height: 96, channels: 1 })
    const seen = see(blank)
    replay.resetDrift()
    await seen
    const reference = frameOf(0)
    const monitor = new DriftMonitor({ calibrationScores: [1, 2, 3], falseAlarmRate: 0.001, seed: 1 })
    const expected: string[] = []
    for (let index = 0; index < 130; index++) {
      const { data, width, height, channels } = part('woven', index)
      expected.push(...monitor.observePicture(measurePicture({ data: index < 105 ? data : data.map((value) => value + 10), width, height, channels }, monitor.reference)).map(({ signal, text }) => `${index} ${signal}: ${text}`))
      const told = (alarm: DriftAlarm): void => { alarms.push(`${index} ${alarm.signal}: ${alarm.text}`) }
      replay.removeAllListeners('drift').on('drift', told)
      await see(index < 105 ? (index === 0 ? reference : frameOf(index)) : frameOf(index, 10))
    }
    expect(alarms).toEqual(expected)
    expect(alarms.length).toBeGreaterThan(0)
  })

  it('compares the scores of a product with its own, and says nothing of a run of that product', async () => {
    begin({})
    const random = seededRandom(4)
    const own = Array.from({ length: 60 }, () => 5 + normal(random))
    replay.watch({ calibrationScores: [...Array.from({ length: 60 }, () => normal(random)), ...own], productScores: { woven: own } })
    const frame = frameOf(0)
    for (let index = 0; index < 200; index++) await replay.inspected(frame, inspectionOf(frame, 5 + normal(random)))
    expect(replay.state.drift).toBeNull()
  })

  it('learns a part whose picture could not be looked at, and says so', async () => {
    let now = 0
    begin({ learnFromLineEveryMs: 0, now: () => now })
    replay.watch({ calibrationScores: [1, 2, 3] })
    const failures: string[] = []
    replay.on('unwatched', ({ code }) => { failures.push(code) })
    for (const seed of range(0, 2)) {
      now += 1000
      const frame = frameOf(seed)
      const pixels = frame.pixels()
      // What the threads read is less than the frame says that it holds.
      Object.defineProperties(frame, { memory: { value: new SharedArrayBuffer(4) }, pixels: { value: () => pixels } })
      await replay.inspected(frame, inspectionOf(frame, 2))
    }
    expect(new Set(failures)).toEqual(new Set(['GOODPARTS_INFERENCE_FAILED']))
    expect(failures.length).toBeGreaterThanOrEqual(2)
    expect(replay.state.waiting).toBe(2)
  })

  it('keeps one part of the line at a time, however fast they come', async () => {
    begin({ learnFromLineEveryMs: 0 })
    const frames = range(0, 8).map((seed) => frameOf(seed))
    await Promise.all(frames.map(async (frame) => replay.inspected(frame, inspectionOf(frame, 1))))
    expect(replay.state.waiting).toBe(1)
    for (const frame of [frameOf(8), frameOf(9)]) await replay.inspected(frame, inspectionOf(frame, 1))
    expect(replay.state.waiting).toBe(3)
  })
})
