import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { withExemplars } from '../../engine/bundle/kept-exemplars.ts'
import { ExplanationProcess } from '../../engine/explain/explanation-process.ts'
import type { PartRequest } from '../../engine/explain/part-explanation.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
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

function open (capacity = 4): ExplanationProcess {
  explaining = new ExplanationProcess('test', capacity)
  return explaining
}

// linux/sched.h
const SCHED_IDLE = 5

function childrenOf (pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean))
}

/** Field 41 of proc(5)'s stat; the name in field 2 may hold spaces. */
function schedulingPolicy (file: string): number {
  const stat = readFileSync(file, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38])
}

describe('explanation process', () => {
  test('gives each method\'s map, picture, regions with their zone and faithfulness, all by content hash', async () => {
    const zones = [{ name: 'left', box: [0, 0, 32, 64] as const }, { name: 'right', box: [32, 0, 32, 64] as const }]

    const { explanations, without } = await open().explain(request({ zones: [...zones] }))

    expect(without).toEqual([])
    expect(explanations.map(({ method }) => method)).toEqual(['sise', 'grad-cam'])
    for (const { map, mapSha256, jpeg, sha256, regions, faithfulness, skipped } of explanations) {
      expect([map.width, map.height]).toEqual([64, 64])
      expect(mapSha256).toBe(createHash('sha256').update(new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength)).digest('hex'))
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

    const threads = childrenOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('explanation-child'))
      .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => schedulingPolicy(`/proc/${pid}/task/${thread}/stat`)))

    expect(threads.length).toBeGreaterThan(1)
    expect(new Set(threads)).toEqual(new Set([SCHED_IDLE]))
  })

  test('shows the nearest good part that the bundle kept', async () => {
    const { evidence } = await open().explain(request({ methods: ['anomaly-map'] }))

    expect(evidence).toMatchObject({ name: 'flat.png', sha256: createHash('sha256').update(evidence!.jpeg).digest('hex') })
    expect(await decodeImage(evidence!.jpeg)).toMatchObject({ width: 64, height: 64 })
  })

  test.each([{ tiles: '2x2' }, { regions: [{ box: [0, 0, 0.5, 0.5] }] }])('says of a bundle with %j that its layers do not see the picture', async (seen) => {
    const tiled = await spotBundle(seen)
    const path = join(folder, 'tiled.onnx')
    await saveBundle(path, tiled)

    const { explanations, without } = await open().explain(request({ bundle: { path, id: tiled.metadata.id }, methods: ['anomaly-map', 'grad-cam', 'sise'], judge: false }))

    expect(explanations.map(({ method }) => method)).toEqual(['anomaly-map'])
    expect(without).toEqual(['grad-cam', 'sise'].map((method) => ({ method, reason: expect.stringContaining('sees tiles or regions') as unknown })))
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
