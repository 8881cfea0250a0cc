import { describe, expect, it } from 'vitest'
import type { KeptEntry } from '../../schemas/live.ts'
import { LatencyWindow } from '../../engine/live/latency-window.ts'
import { LineBoard } from '../../engine/live/line-board.ts'
import { RateMeter } from '../../engine/live/rate-meter.ts'
import { contentHash } from '../../engine/live/protocol.ts'
import { PartGallery, type PartPictures } from '../../engine/live/part-gallery.ts'
import { inspection } from '../publish/fixtures.ts'

const nothing = { kept: [], words: {}, learning: null }

describe('a rate', () => {
  it('is right for a steady line, falls to zero with silence, and does not overshoot at the start', () => {
    let now = 1e12
    const meter = new RateMeter(() => now)
    expect(meter.perSecond()).toBe(0)
    meter.mark()
    expect(meter.perSecond()).toBeLessThanOrEqual(1)
    for (let i = 0; i < 300; i++) {
      now += 40
      meter.mark()
      if (i > 100) expect(meter.perSecond()).toBeGreaterThan(22)
      expect(meter.perSecond()).toBeLessThan(28)
    }
    now += 4000
    expect(meter.perSecond()).toBe(0)
  })
})

describe('a latency', () => {
  it('is given by nearest rank over the last samples', () => {
    const window = new LatencyWindow()
    expect(window.percentiles()).toBeNull()
    for (let i = 1; i <= 100; i++) window.add(i)
    expect(window.percentiles()).toEqual({ median: 50, p95: 95, p99: 99 })
    for (let i = 0; i < 600; i++) window.add(7)
    expect(window.percentiles()).toEqual({ median: 7, p95: 7, p99: 7 })
  })
})

describe('the board of a line', () => {
  it('counts verdicts, keeps the last points and the limits', () => {
    const board = new LineBoard('a', Date.now)
    for (let i = 0; i < 350; i++) board.judged({ ...inspection(i), verdict: 'good', score: i, limits: i === 0 ? { review: 1, reject: 2 } : null })
    board.judged({ ...inspection(0), verdict: 'not-inspected', score: null, limits: null })
    const state = board.state(nothing)
    expect(state.counts).toEqual({ good: 350, review: 0, reject: 0, notInspected: 1 })
    expect(state.limits).toEqual({ review: 1, reject: 2 })
    expect(state.points).toHaveLength(300)
    expect(state.points.at(-1)).toMatchObject({ score: null, verdict: 'not-inspected' })
  })

  it('takes the latency of judged parts only: what a line lets by while it learns is not slow or fast', () => {
    const board = new LineBoard('a', Date.now)
    const after = (milliseconds: number): { captured: string, scored: string } => ({ captured: new Date(0).toISOString(), scored: new Date(milliseconds).toISOString() })
    const judged = (number: number, verdict: 'good' | 'not-inspected', milliseconds: number): void => {
      const record = inspection(number)
      board.judged({ ...record, verdict, times: { ...record.times, ...after(milliseconds) } })
    }
    for (let i = 0; i < 60; i++) judged(i, 'not-inspected', 1)
    expect(board.statistics().latencyMs).toBeNull()
    for (let i = 0; i < 10; i++) judged(60 + i, 'good', 70)
    expect(board.statistics()).toMatchObject({ counts: { good: 10, notInspected: 60 }, latencyMs: { median: 70, p95: 70, p99: 70 } })
  })

  it('lets go of a fit that is done with the first verdict, and keeps one that is not', () => {
    const board = new LineBoard('a', Date.now)
    const fit = { kind: 'fit-progress', stage: 'collect', total: 60, text: '' } as const
    board.noticed({ ...fit, done: 30 })
    board.judged(inspection(0))
    expect(board.state(nothing).fit?.notice).toMatchObject({ done: 30 })
    board.noticed({ ...fit, stage: 'coreset', done: 60, share: 0.4 })
    board.judged(inspection(1))
    expect(board.state(nothing).fit?.notice).toMatchObject({ stage: 'coreset' })
    board.noticed({ ...fit, stage: 'ready', done: 60, share: 1 })
    board.judged(inspection(2))
    expect(board.state(nothing).fit).toBeNull()
  })

  it('lets go of a cancelled fit at once, and keeps a failure beside what the camera says until a fit begins anew', () => {
    const board = new LineBoard('a', Date.now)
    const fit = { kind: 'fit-progress', stage: 'collect', done: 3, total: 60, text: '' } as const
    const end = { kind: 'fit-ended', text: 'Expected more, got 3', code: 'GOODPARTS_TOO_FEW_IMAGES', fix: null } as const
    const camera = { schema: 'goodparts.capture-event/1', source: 'camera', at: new Date().toISOString(), kind: 'looped', text: '', code: null, fix: null, counters: { frames: 0, framesPerSecond: 0, stalls: 0, restarts: 0, dropped: {} } } as const
    board.noticed(fit)
    board.noticed({ ...end, outcome: 'cancelled' })
    expect(board.state(nothing).fit).toBeNull()
    board.noticed({ ...end, outcome: 'failed' })
    board.noticed(camera)
    board.judged(inspection(0))
    expect(board.state(nothing)).toMatchObject({ fit: { notice: { outcome: 'failed' } }, notice: { notice: { kind: 'looped' } } })
    board.noticed(fit)
    expect(board.state(nothing)).toMatchObject({ fit: { notice: { done: 3 } }, notice: { notice: { kind: 'looped' } } })
  })
})

describe('the gallery of parts', () => {
  const entry = (number: number, line = 'a'): KeptEntry => ({ line, record: inspection(number, line), sha256: contentHash(Buffer.from(`${line} ${number}`)) })
  const pictures = (bytes: number): PartPictures => ({ packet: Buffer.alloc(bytes / 2), lossless: Buffer.alloc(bytes / 2) })
  const numbers = (gallery: PartGallery, line = 'a'): number[] => gallery.entries(line).map(({ record }) => record.frame.sequence)

  it('keeps so many per line and so many bytes in all, newest first', () => {
    const gallery = new PartGallery({ entriesPerLine: 3, bytes: 1000 })
    for (let i = 0; i < 4; i++) gallery.keep(entry(i), pictures(100))
    expect(numbers(gallery)).toEqual([3, 2, 1])
    expect(gallery.packet(entry(0).sha256)).toBeUndefined()
    gallery.keep(entry(9, 'b'), pictures(750))
    expect(gallery.bytes).toBeLessThanOrEqual(1000)
    expect(numbers(gallery)).toEqual([3, 2])
    gallery.forget('b')
    expect([gallery.bytes, gallery.entries('b').length]).toEqual([200, 0])
  })

  it('keeps one picture that is larger than the bound rather than none', () => {
    const gallery = new PartGallery({ entriesPerLine: 3, bytes: 10 })
    gallery.keep(entry(0), pictures(100))
    gallery.keep(entry(1), pictures(200))
    expect(gallery.bytes).toBe(200)
  })

  it('lets go of pictures that the disk has, and keeps their entries', () => {
    const gallery = new PartGallery({ entriesPerLine: 9, bytes: 250 })
    for (let i = 0; i < 2; i++) gallery.keep(entry(i), pictures(100))
    gallery.stored(entry(0).sha256)
    gallery.keep(entry(2), pictures(100))
    expect(numbers(gallery)).toEqual([2, 1, 0])
    expect([0, 1, 2].map((i) => gallery.packet(entry(i).sha256)?.byteLength)).toEqual([undefined, 50, 50])
    expect(gallery.bytes).toBe(200)
  })

  it('puts what the disk remembers behind what is here, once, and within the same bound', () => {
    const gallery = new PartGallery({ entriesPerLine: 4, bytes: 1000 })
    gallery.keep(entry(6), pictures(100))
    const remembered = [6, 5, 4, 3, 2].map((i) => entry(i))
    expect(gallery.restore('a', remembered)).toBe(true)
    expect(numbers(gallery)).toEqual([6, 5, 4, 3])
    expect(gallery.restore('a', remembered.slice(0, 4))).toBe(false)
    expect(gallery.bytes).toBe(100)
    gallery.keep(entry(7), pictures(1000))
    expect(numbers(gallery)).toEqual([7, 5, 4])
  })
})

describe('what limits can promise', () => {
  const weak = (promised: number): { asked: number, promised: number, atMost: number, heldOut: number, needed: number } => ({ asked: 0.05, promised, atMost: 0.5, heldOut: Math.round(1 / promised) - 1, needed: 19 })

  it('is the weakest of the products, and told only when that changes', () => {
    const board = new LineBoard('line', () => 0)
    expect(board.promised('a', weak(1 / 13))).toBe(true)
    expect(board.promised('b', null)).toBe(false)
    for (let part = 0; part < 10; part++) expect([board.promised('a', weak(1 / 13)), board.promised('b', null)]).toEqual([false, false])
    expect(board.promised('b', weak(1 / 8))).toBe(true)
    expect(board.state({ kept: [], words: {}, learning: null }).weakPromise).toEqual(weak(1 / 8))
    expect(board.promised('b', null)).toBe(true)
    expect(board.state({ kept: [], words: {}, learning: null }).weakPromise).toEqual(weak(1 / 13))
  })
})
