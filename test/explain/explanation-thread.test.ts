import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ExplanationThread } from '../../engine/explain/explanation-thread.ts'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'

const frame = Frame.fromPixels(new Uint8Array(64 * 48).fill(90), { source: 'test', sequence: 0, width: 64, height: 48, channels: 1 })
const map = new AnomalyMap(Float32Array.from({ length: 8 * 6 }, (_, i) => i === 19 || i === 20 ? 4 : 0.5), 6, 8)
const options = { opacity: 0.6, quality: 90 }

let thread: ExplanationThread | undefined

function open (capacity: number): ExplanationThread {
  thread = new ExplanationThread('test', capacity)
  return thread
}

/** SCHED_IDLE of sched(7). */
const IDLE = 5

/** Of this process's threads: the 41st field of proc_pid_stat(5), the 39th after the name. */
function policies (): number[] {
  return readdirSync('/proc/self/task').map((thread) => Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[38]))
}

function canBeIdle (): boolean {
  try {
    execFileSync('chrt', ['--idle', '0', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

afterEach(async () => { await thread?.close() })

describe('explanation thread', () => {
  test('explains a rejected part: a JPEG of the frame\'s size, its hash, the region that stands out', async () => {
    const { jpeg, sha256, regions } = await open(4).explain(frame, map, { ...options, judged: { score: 5, limits: { review: 2, reject: 3 } } })

    const picture = await decodeImage(jpeg)
    expect([picture.width, picture.height, picture.channels]).toEqual([64, 48, 3])
    expect(sha256).toBe(createHash('sha256').update(jpeg).digest('hex'))
    expect(regions).toEqual([{ box: [24, 16, 16, 8], areaShare: 2 / 48, peak: 4, zone: null }])
    const pixel = (x: number, y: number): number[] => [...picture.data.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)]
    expect(Math.max(...pixel(60, 44)) - Math.min(...pixel(60, 44))).toBeLessThan(20)
    expect(pixel(32, 20)[0]! - pixel(32, 20)[2]!).toBeGreaterThan(60)
  })

  test('gives way to every other thread once its first picture is painted, where Linux and chrt are', async ({ skip }) => {
    skip(!canBeIdle(), 'chrt --idle is not there or refused')
    const painting = open(4)
    await painting.explain(frame, map, { ...options, judged: null })

    await vi.waitFor(() => { expect(policies()).toContain(IDLE) }, 5000)
    expect((await painting.explain(frame, map, { ...options, judged: null })).jpeg.byteLength).toBeGreaterThan(0)
  })

  test('colours nothing below the review limit, as the live page does', async () => {
    const nearly = new AnomalyMap(Float32Array.from({ length: 8 * 6 }, (_, i) => i === 0 ? 4 : 1.5), 6, 8)

    const { jpeg } = await open(4).explain(frame, nearly, { opacity: 1, quality: 95, judged: { score: 5, limits: { review: 2, reject: 3 } } })

    const { data } = await decodeImage(jpeg)
    const colourfulness = (x: number, y: number): number => Math.max(...[0, 1, 2].map((c) => data[(y * 64 + x) * 3 + c]!)) - Math.min(...[0, 1, 2].map((c) => data[(y * 64 + x) * 3 + c]!))
    expect(colourfulness(50, 40)).toBeLessThan(5)
    expect(colourfulness(1, 1)).toBeGreaterThan(60)
  })

  test('finds no region in a part below the review limit, although its map reaches it', async () => {
    const { regions } = await open(4).explain(frame, map, { ...options, judged: { score: 1.9, limits: { review: 2, reject: 3 } } })

    expect(regions).toEqual([])
  })

  test('finds a region in every part above the review limit, although its map stays below it', async () => {
    const { regions } = await open(4).explain(frame, map, { ...options, judged: { score: 50, limits: { review: 40, reject: 60 } } })

    expect(regions).toHaveLength(1)
  })

  test('stretches the colours over the map where there is no judgement', async () => {
    const { regions, jpeg } = await open(4).explain(frame, map, { ...options, judged: null })

    expect(regions).toEqual([])
    const { data } = await decodeImage(jpeg)
    expect(data[(20 * 64 + 32) * 3]! - data[(20 * 64 + 32) * 3 + 2]!).toBeGreaterThan(60)
  })

  test('refuses what exceeds its queue and accounts for everything', async () => {
    const explaining = open(2)

    const results = await Promise.allSettled(Array.from({ length: 5 }, async () => explaining.explain(frame, map, { ...options, judged: null })))

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(results.at(-1)).toMatchObject({ reason: { code: 'GOODPARTS_QUEUE_FULL' } })
    expect(explaining.ledger).toEqual({ hop: 'test', in: 5, out: 2, dropped: { 'queue-full': 3 }, inFlight: 0 })
  })

  test('answers an error for one frame and explains the next', async () => {
    const explaining = open(2)

    await expect(explaining.explain(frame, map, { judged: null, opacity: 0.5, quality: 1000 })).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })
    const { regions } = await explaining.explain(frame, map, { ...options, judged: { score: 5, limits: { review: 2, reject: 3 } } })

    expect(regions).toHaveLength(1)
    expect(explaining.ledger).toMatchObject({ in: 2, out: 1, dropped: { failed: 1 }, inFlight: 0 })
  })

  test('ends a thread that takes too long, and lets nothing else wait for it', async () => {
    const explaining = thread = new ExplanationThread('test', 2, { limitMs: 1 })

    const results = await Promise.allSettled([1, 2].map(async () => explaining.explain(frame, map, { ...options, judged: null })))

    for (const result of results) expect(result).toMatchObject({ reason: { code: 'GOODPARTS_EXPLANATION_FAILED', message: expect.stringContaining('longer than 1 ms') as unknown } })
    expect(explaining.ledger).toMatchObject({ in: 2, out: 0, dropped: { failed: 2 }, inFlight: 0 })
  })

  test('refuses work after it was closed', async () => {
    const explaining = open(2)
    await explaining.close()

    await expect(explaining.explain(frame, map, { ...options, judged: null })).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  })
})
