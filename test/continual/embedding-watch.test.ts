import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { efficientNetLite0 } from '../../engine/backbones/backbone.ts'
import { EmbeddingWatchThread } from '../../engine/continual/embedding-watch-thread.ts'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { embeddingSize, PictureEmbedding } from '../../engine/continual/picture-embedding.ts'
import type { DriftAlarm } from '../../engine/decision/drift/drift-monitor.ts'
import { EmbeddingDrift, embeddingDriftDefaults } from '../../engine/decision/drift/embedding-drift.ts'
import { allLedgers } from '../../engine/frame/ledger.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { frameOfPlate, goodPlates, inRandomOrder, mirroredAndBlurred, printed } from './plates.ts'
import { inspectionOf, optionsIn } from './woven-line.ts'

let plates: RawImage[]
beforeAll(async () => { plates = await goodPlates() })

describe('a line of light-guide plates', () => {
  const steady = 128
  let folder: string
  let replay: LineReplay
  let now = 0

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'goodparts-embedding-watch-'))
    now = 0
    replay = new LineReplay({ ...optionsIn(folder), learnFromLineEveryMs: 1000, now: () => now })
    replay.watch({ calibrationScores: [1, 2, 3] })
  })
  afterEach(async () => {
    await replay.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A plate a second; scores are left out, so that looks alone are told. @returns how often the calling thread asked for pixels to look at */
  async function inspect (count: number, pictures: Iterator<RawImage, never>, look: (plate: RawImage) => RawImage = (plate) => plate): Promise<{ alarms: DriftAlarm[], read: number }> {
    const alarms: DriftAlarm[] = []
    const hear = (alarm: DriftAlarm): void => { alarms.push(alarm) }
    let read = 0
    replay.on('drift', hear)
    for (let index = 0; index < count; index++) {
      now += 1000
      const frame = frameOfPlate(look(pictures.next().value), index)
      const pixels = frame.pixels()
      Object.defineProperty(frame, 'pixels', { value: () => { read++; return pixels } })
      // To be reviewed, so that the line keeps no picture of it.
      await replay.inspected(frame, { ...inspectionOf(frame, 0), score: null, verdict: 'review' })
    }
    replay.off('drift', hear)
    return { alarms, read }
  }

  it('alarms within two windows when the picture changes, and sends to the camera; this thread reads no pixel', async () => {
    const pictures = inRandomOrder(plates, 1)
    await begin(pictures)
    const { alarms, read } = await inspect(2 * embeddingDriftDefaults.window, pictures, mirroredAndBlurred)
    expect(alarms.map(({ signal }) => signal)).toEqual(expect.arrayContaining(['focus', 'embedding']))
    expect(alarms.find(({ signal }) => signal === 'embedding')).toMatchObject({ advice: 'check-camera' })
    expect(read).toBe(0)
    expect(allLedgers().find(({ hop }) => hop === 'drift/replay/embedding')).toMatchObject({ in: steady + 64, out: steady + 64, inFlight: 0 })
  })

  it('asks for an update when parts alone look different, and learns nothing of the line until a person has said so', async () => {
    const pictures = inRandomOrder(plates, 2)
    await begin(pictures)
    const { waiting } = replay.state
    const { alarms } = await inspect(3 * embeddingDriftDefaults.window, pictures, printed)
    expect(alarms).toEqual([{ signal: 'embedding', signals: ['embedding'], advice: 'update', text: expect.stringMatching(/Label a lot, then update/) as string }])
    expect(replay.state).toMatchObject({ inDrift: true, drift: { signals: ['embedding'], advice: 'update' }, waiting })
    now += 2000
    const frame = frameOfPlate(printed(plates[0] as RawImage), 0)
    await replay.inspected(frame, inspectionOf(frame, 0, 0.9))
    expect(replay.state.waiting).toBe(waiting)
    replay.resetDrift()
    now += 2000
    await replay.inspected(frame, inspectionOf(frame, 0, 0.9))
    expect(replay.state).toMatchObject({ drift: null, waiting: waiting + 1 })
  })

  /** What is usual: plates that the line calls good. */
  async function begin (pictures: Iterator<RawImage, never>): Promise<void> {
    const told: DriftAlarm[] = []
    replay.on('drift', (alarm) => { told.push(alarm) })
    for (let index = 0; index < steady; index++) {
      now += 1000
      const frame = frameOfPlate(pictures.next().value, index)
      await replay.inspected(frame, { ...inspectionOf(frame, 0), score: null, verdict: index % 3 === 2 ? 'reject' : 'good' })
    }
    replay.removeAllListeners('drift')
    expect(told).toEqual([])
  }
})

describe('plates over ten seeds', () => {
  let same: Float32Array[]
  let other: Float32Array[]
  beforeAll(async () => {
    const embedding = await PictureEmbedding.open({ backbone: efficientNetLite0, size: embeddingSize })
    const all = async (look: (plate: RawImage) => RawImage): Promise<Float32Array[]> => {
      const found: Float32Array[] = []
      for (const plate of plates) found.push(await embedding.of(look(plate)))
      return found
    }
    same = await all((plate) => plate)
    other = await all(printed)
    await embedding.close()
  }, 120_000)

  const alarmAt = (seed: number, steady: number, changed: number): number => {
    const watch = new EmbeddingDrift({ falseAlarmRate: 0.001, seed })
    const pictures = [inRandomOrder(same, seed), inRandomOrder(other, seed)] as const
    for (let index = 0; index < steady + changed; index++) {
      const features = pictures[index < steady ? 0 : 1].next().value
      if (watch.observe({ product: null, isGood: true, features })?.alarming === true) return index + 1
    }
    return Infinity
  }

  it('never alarms while the product is the same: 0 of 10 lines of 704 plates each, promised is 0.001', () => {
    expect(Array.from({ length: 10 }, (_, seed) => alarmAt(seed, 64 + 20 * 32, 0))).toEqual(Array.from({ length: 10 }, () => Infinity))
  }, 60_000)

  it('alarms on each of them within three windows of another look', () => {
    const delays = Array.from({ length: 10 }, (_, seed) => alarmAt(seed, 192, 96) - 192)
    expect(Math.min(...delays)).toBeGreaterThan(0)
    expect(Math.max(...delays)).toBeLessThanOrEqual(96)
  }, 60_000)
})

describe('the thread that embeds parts', () => {
  it('takes one part at a time, and counts the others', async () => {
    const thread = new EmbeddingWatchThread('embedding')
    try {
      const part = { product: null, isGood: true, watch: 1, falseAlarmRate: 0.001, seed: 1 }
      const ends = await Promise.allSettled([0, 1, 2].map(async (index) => thread.look({ ...part, frame: frameOfPlate(plates[index] as RawImage, index) })))
      expect(ends.map((end) => end.status === 'rejected' ? (end.reason as { code: string }).code : end.value)).toEqual([null, 'GOODPARTS_QUEUE_FULL', 'GOODPARTS_QUEUE_FULL'])
      expect(thread.ledger).toEqual({ hop: 'embedding', in: 3, out: 1, dropped: { 'queue-full': 2 }, inFlight: 0 })
    } finally {
      await thread.close()
    }
  })
})
