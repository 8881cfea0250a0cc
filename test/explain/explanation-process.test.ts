import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import type { PartRequest } from '../../engine/explain/part-explanation.ts'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { ProcessorShare } from '../../engine/runtime/processor-share.ts'
import { flatPicture, spot, spottedPicture } from './hand-built-models.ts'
import { spotBundle } from './spot-bundle.ts'

let folder: string
let bundle: PartRequest['bundle']
let explaining: ExplanationProcess | undefined

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-explanation-test-'))
  const made = await withExemplars(await spotBundle(), [{ name: '/parts/flat.png', read: async () => Promise.resolve(flatPicture()) }])
  bundle = { path: join(folder, 'spots.onnx'), id: made.metadata.id }
  await saveBundle(bundle.path, made)
})
afterEach(async () => { await explaining?.close() })
afterAll(() => { rmSync(folder, { recursive: true }) })

function request (changes: Partial<PartRequest> = {}): PartRequest {
  return { bundle, image: spottedPicture(), methods: ['sise', 'grad-cam'], budget: null, seed: 0, judge: true, zones: [], opacity: 0.6, quality: 85, ...changes }
}

function open (capacity = 4, options: { processor?: ProcessorShare, limitMs?: number, pauseMs?: number } = {}): ExplanationProcess {
  explaining = new ExplanationProcess('test', capacity, options)
  return explaining
}

// linux/sched.h
const SCHED_IDLE = 5

function childrenOf (pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean))
}

/** Of proc(5)'s stat, counted from 3, the first after the name, which may hold spaces. */
function statField (file: string, field: number): string | undefined {
  const stat = readFileSync(file, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3]
}

function explanationChildOf (pid: number): string | undefined {
  return childrenOf(pid).find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('explanation-child'))
}

/** R, S, T (stopped), …; undefined when there is none. */
function stateOf (pid: string | undefined): string | undefined {
  try {
    return statField(`/proc/${pid}/stat`, 3)
  } catch {
    return undefined
  }
}

/** Milliseconds of the processor. */
function processorTime (): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** @returns What ends it and gives the longest turn of this thread's event loop since. */
function watchTurns (): () => number {
  let [longest, last, isOver] = [0, processorTime(), false]
  const turn = (): void => {
    const now = processorTime()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  turn()
  return () => {
    isOver = true
    return longest
  }
}

// The process is of the idle class: beside busy neighbours it waits long for a core.
vi.setConfig({ testTimeout: 120_000 })

describe('explanation process', () => {
  test('gives each method\'s map, picture, regions with their zone and faithfulness, all by content hash', async () => {
    const zones = [{ name: 'left', box: [0, 0, 32, 64] as const }, { name: 'right', box: [32, 0, 32, 64] as const }]

    const { explanations, without } = await open().explain(request({ zones: [...zones] }))

    expect(without).toEqual([])
    expect(explanations.map(({ method }) => method)).toEqual(['sise', 'grad-cam'])
    for (const { map, quantised, mapSha256, jpeg, sha256, regions, faithfulness, skipped } of explanations) {
      expect([map.width, map.height]).toEqual([64, 64])
      expect(mapSha256).toBe(createHash('sha256').update(new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength)).digest('hex'))
      expect(quantised).toEqual(new AnomalyMap(map.values, map.height, map.width).quantised())
      expect(sha256).toBe(createHash('sha256').update(jpeg).digest('hex'))
      expect(await decodeImage(jpeg)).toMatchObject({ width: 64, height: 64, channels: 3 })
      const [region] = regions
      expect(region).toMatchObject({ zone: 'right', peak: 1 })
      expect(region!.box[0]).toBeGreaterThan(spot[0] - 6)
      expect(faithfulness!.deletion).toBeLessThan(faithfulness!.insertion)
      expect(skipped).toBeNull()
    }
  })

  test.runIf(process.platform === 'linux')('runs in the idle class, all threads of it', async () => {
    await open().explain(request({ methods: ['anomaly-map'] }))

    const pid = explanationChildOf(process.pid)
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => Number(statField(`/proc/${pid}/task/${thread}/stat`, 41)))

    expect(threads.length).toBeGreaterThan(1)
    expect(new Set(threads)).toEqual(new Set([SCHED_IDLE]))
  })

  test.runIf(process.platform === 'linux')('is in the idle class from its first import on', async () => {
    const node = realpathSync(process.execPath)
    const explained = open().explain(request({ methods: ['anomaly-map'] }))
    const classes: number[] = []
    const watching = setInterval(() => {
      const pid = explanationChildOf(process.pid)
      // Before, it is what starts it.
      if (pid !== undefined && readlinkSync(`/proc/${pid}/exe`) === node) classes.push(Number(statField(`/proc/${pid}/stat`, 41)))
    }, 1)
    try {
      await explained
    } finally {
      clearInterval(watching)
    }

    expect(classes.length).toBeGreaterThan(10)
    expect(new Set(classes)).toEqual(new Set([SCHED_IDLE]))
  })

  test.runIf(process.platform === 'linux')('rests while verdicts have half of the cores, and goes on after', async () => {
    const processor = new ProcessorShare(2)
    let judged = (): void => { /* set below */ }
    const verdict = processor.run(1, async () => new Promise<void>((resolve) => { judged = resolve }))
    const explained = open(4, { processor }).explain(request())

    await expect.poll(() => stateOf(explanationChildOf(process.pid)), { timeout: 20_000 }).toBe('T')
    judged()
    await verdict

    expect((await explained).explanations).toHaveLength(2)
    expect(stateOf(explanationChildOf(process.pid))).not.toBe('T')
  })

  test.runIf(process.platform === 'linux')('stays at rest in a pause that is too short for it', async () => {
    const processor = new ProcessorShare(2)
    let judged = (): void => { /* set below */ }
    const first = processor.run(1, async () => new Promise<void>((resolve) => { judged = resolve }))
    const explained = open(4, { processor, pauseMs: 3000 }).explain(request())
    await expect.poll(() => stateOf(explanationChildOf(process.pid)), { timeout: 20_000 }).toBe('T')
    // After a verdict that is over at once, the rest would be short.
    await delay(400)
    judged()
    await first
    const states: Array<string | undefined> = []

    for (let part = 0; part < 5; part++) {
      await delay(10)
      states.push(stateOf(explanationChildOf(process.pid)))
      await processor.run(1, async () => delay(400))
    }
    const lastJudged = performance.now()
    await explained

    expect(new Set(states)).toEqual(new Set(['T']))
    expect(performance.now() - lastJudged).toBeGreaterThan(390)
  })

  test.runIf(process.platform === 'linux')('does not rest while somebody waits, whichever part it works on', async () => {
    const processor = new ProcessorShare(2)
    let judged = (): void => { /* set below */ }
    const verdict = processor.run(1, async () => new Promise<void>((resolve) => { judged = resolve }))
    const opened = open(4, { processor })
    const unasked = opened.explain(request())
    await expect.poll(() => stateOf(explanationChildOf(process.pid)), { timeout: 20_000 }).toBe('T')

    const asked = await opened.withoutRest(opened.explain(request({ methods: ['grad-cam'] }), { urgency: 1 }))

    expect(asked.explanations).toHaveLength(1)
    expect((await unasked).explanations).toHaveLength(2)
    const later = opened.explain(request())
    await expect.poll(() => stateOf(explanationChildOf(process.pid)), { timeout: 20_000 }).toBe('T')
    judged()
    await Promise.all([verdict, later])
  })

  test.runIf(process.platform === 'linux')('does not take its rest from the time that an explanation has', async () => {
    const processor = new ProcessorShare(2)
    const opened = open(4, { processor })
    await opened.explain(request({ methods: ['anomaly-map'] }))
    const asked = opened.explain(request({ methods: ['grad-cam', 'occlusion'], budget: 6000, judge: false }))
    await processor.run(1, async () => new Promise((resolve) => { setTimeout(resolve, 8000) }))

    const { explanations, without } = await asked

    expect(without).toEqual([])
    expect(explanations.map(({ method, skipped }) => [method, skipped])).toEqual([['grad-cam', null], ['occlusion', null]])
  })

  test('takes a frame of twelve megapixels without holding up the thread that asks', async () => {
    const [width, height] = [4000, 3000]
    const data = new Uint8Array(new SharedArrayBuffer(3 * width * height)).fill(100)
    for (let y = 1000; y < 1400; y++) data.fill(220, 3 * (y * width + 2600), 3 * (y * width + 3000))
    const opened = open()
    await opened.explain(request({ methods: ['anomaly-map'] }))
    const longest: number[] = []
    for (let round = 0; round < 3; round++) {
      const turns = watchTurns()
      const { explanations: [found] } = await opened.explain(request({ image: { data, width, height, channels: 3 }, methods: ['anomaly-map'], judge: false }))
      longest.push(turns())
      expect(await decodeImage(found!.jpeg)).toMatchObject({ width, height })
    }

    // By the processor's clock, which ticks every 4 ms: serialising it as a message takes 20 and more.
    expect(Math.min(...longest)).toBeLessThan(12)
  }, 60_000)

  test('ends one that gives no sign after its start, and takes the next part', async () => {
    const opened = open(4, { limitMs: 20 })

    const outcomes = await Promise.allSettled([opened.explain(request()), opened.explain(request())])

    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'GOODPARTS_EXPLANATION_FAILED', message: expect.stringContaining('no answer within 20 ms') as unknown } })
    await expect.poll(() => explanationChildOf(process.pid)).toBeUndefined()
  })

  test('ends what runs too long without an answer', async () => {
    // Long enough for its start, far too short for so many methods.
    const opened = open(4, { limitMs: 10_000 })

    await expect(opened.explain(request({ methods: new Array<'rise'>(10_000).fill('rise') }))).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED', message: expect.stringContaining('10000 ms without an answer') as unknown })
    await expect.poll(() => explanationChildOf(process.pid)).toBeUndefined()

    expect((await open().explain(request({ methods: ['anomaly-map'] }))).explanations).toHaveLength(1)
  })

  test('starts a new one when the one before has died between two parts', async () => {
    const opened = open()
    await opened.explain(request({ methods: ['anomaly-map'] }))
    const first = explanationChildOf(process.pid)

    process.kill(Number(first), 'SIGKILL')
    await expect.poll(() => stateOf(first)).toBeUndefined()

    expect((await opened.explain(request({ methods: ['anomaly-map'] }))).explanations).toHaveLength(1)
  })

  test('says of a part for which the time was up before anything was found, that it was', async () => {
    const { without } = await open().explain(request({ image: flatPicture(), methods: ['occlusion'], budget: 0.001, judge: false }))

    expect(without).toEqual([{ method: 'occlusion', reason: expect.stringContaining('time was up') as unknown }])
  })

  test.runIf(process.platform === 'linux')('does not outlive its parent, resting as it is', async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, 'resting-parent.ts'), JSON.stringify(bundle)], { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(parent, 'exit')
    let child: string | undefined
    await expect.poll(() => stateOf(child = explanationChildOf(parent.pid!)), { timeout: 20_000 }).toBe('T')

    parent.kill('SIGKILL')
    await ended

    await expect.poll(() => stateOf(child), { timeout: 20_000 }).toBeUndefined()
  })

  test('shows the nearest good part that the bundle kept', async () => {
    const { evidence } = await open().explain(request({ methods: ['anomaly-map'] }))

    expect(evidence).toMatchObject({ name: 'flat.png', sha256: createHash('sha256').update(evidence!.jpeg).digest('hex') })
    expect(await decodeImage(evidence!.jpeg)).toMatchObject({ width: 64, height: 64 })
  })

  test('shares the budget among the methods', async () => {
    const { explanations } = await open().explain(request({ methods: ['occlusion', 'rise'], budget: 1, judge: false }))

    for (const { skipped, faithfulness } of explanations) {
      expect(skipped).toMatch(/ of /)
      expect(faithfulness).toBeNull()
    }
  })

  test('says of a part in which nothing speaks for a defect that nothing does', async () => {
    const { explanations, without } = await open().explain(request({ image: flatPicture(), methods: ['grad-cam'] }))

    expect(explanations).toEqual([])
    expect(without).toEqual([{ method: 'grad-cam', reason: 'found nothing that speaks for the score' }])
  })

  test('refuses a bundle whose graph was changed, though it says that it is the same', async () => {
    const path = join(folder, 'changed.onnx')
    // One more field of the model: a word of documentation, after which it computes what it did.
    writeFileSync(path, Buffer.concat([readFileSync(bundle.path), Buffer.from([0x32, 1, 0x78])]))

    await expect(open().explain(request({ bundle: { ...bundle, path } }))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('changed or damaged') as unknown })
  })

  test('refuses a bundle that is another one by now, and goes on with the right one', async () => {
    const process = open()

    await expect(process.explain(request({ bundle: { ...bundle, id: '0000000000000000' } }))).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })
    expect((await process.explain(request({ methods: ['anomaly-map'] }))).explanations).toHaveLength(1)
    expect(process.ledger).toMatchObject({ in: 2, out: 1, dropped: { failed: 1 }, inFlight: 0 })
  })

  test('refuses what exceeds its queue', async () => {
    const process = open(1)

    const results = await Promise.allSettled([process.explain(request()), process.explain(request())])

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(results[1]).toMatchObject({ reason: { code: 'GOODPARTS_QUEUE_FULL' } })
  })

  test('ends at once when it is closed, whatever it works on', async () => {
    const process = open()
    const long = process.explain(request({ methods: ['rise', 'occlusion'] }))
    const outcome = expect(long).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })

    await process.close()

    await outcome
  })
})
