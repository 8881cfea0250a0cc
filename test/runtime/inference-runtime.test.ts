import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle, writeBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { allLedgers } from '../../engine/frame/ledger.ts'
import { quantiseMap } from '../../engine/frame/quantised-map.ts'
import { chooseDevice } from '../../engine/runtime/device-choice.ts'
import { probeDevice } from '../../engine/runtime/device-probe.ts'
import { loadModel, type LoadOptions } from '../../engine/runtime/inference-runtime.ts'
import { findVulkanDriver } from '../vulkan-driver.ts'
import { brightnessBundle, brightnessGraph, description, flatFrame } from './brightness-bundle.ts'

const driver = await findVulkanDriver()
const plain: LoadOptions = { device: 'cpu', workers: 1, threads: 1, cacheFolder: null }
/** Microseconds: more than all threads together could have had. */
const allOfIt = (): number => 1e6 * performance.now()
let folder: string
let bundle: ModelBundle
let slow: ModelBundle

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-runtime-'))
  bundle = await brightnessBundle()
  slow = await brightnessBundle({ work: 60 })
})

afterAll(() => { rmSync(folder, { recursive: true }) })

describe('a loaded model', () => {
  it('scores frames of any geometry in the order given, from a path', async () => {
    const path = join(folder, 'bundle.onnx')
    await saveBundle(path, bundle)
    const model = await loadModel(path, { ...plain, workers: 2 })
    const scorings = await model.score([flatFrame(51), flatFrame(255, { channels: 1 }), flatFrame(102), flatFrame(0, { width: 9, height: 5 })])
    expect(scorings.map(({ score }) => Number(score.toFixed(4)))).toEqual([0.2, 1, 0.4, 0])
    expect(scorings.map(({ map }) => [map.width, map.height])).toEqual([[40, 24], [40, 24], [40, 24], [9, 5]])
    expect(scorings.map(({ map }) => map.quantised())).toEqual(scorings.map(({ map }) => quantiseMap({ values: map.values(), width: map.width, height: map.height })))
    expect(scorings.every(({ bundleId, inferenceMs }) => bundleId === bundle.metadata.id && inferenceMs > 0)).toBe(true)
    await model.close()
  })

  it('batches frames of one geometry across callers, and gives each its own answer', async () => {
    const model = await loadModel(slow, plain)
    const levels = [0, 51, 102, 153, 204, 255]
    const scorings = await Promise.all(levels.map(async (level) => (await model.score([flatFrame(level)], { batch: 4 }))[0]!))
    scorings.forEach(({ score, map }, index) => {
      expect(score).toBeCloseTo(levels[index]! / 255, 5)
      expect(map.values()[0]).toBeCloseTo(levels[index]! / 255, 5)
    })
    // Four went together, then two.
    expect(new Set(scorings.map(({ inferenceMs }) => inferenceMs)).size).toBe(2)
    await model.close()
  })

  it('drops work that is not begun before its deadline, and nothing else', async () => {
    const model = await loadModel(slow, plain)
    const first = model.score([flatFrame(51)])
    const late = model.score([flatFrame(51)], { deadlineMs: 0 })
    const patient = model.score([flatFrame(102)], { deadlineMs: 60_000 })
    await expect(late).rejects.toMatchObject({ code: 'GOODPARTS_DEADLINE_PASSED' })
    expect((await first)[0]?.score).toBeCloseTo(0.2)
    expect((await patient)[0]?.score).toBeCloseTo(0.4)
    expect(allLedgers().find(({ hop }) => hop === `model/${slow.metadata.id}`)).toMatchObject({ in: 3, out: 2, dropped: { 'deadline-passed': 1 }, inFlight: 0 })
    await model.close()
  })

  it('bounds what waits for it', async () => {
    const model = await loadModel(slow, plain)
    const results = await Promise.allSettled(Array.from({ length: 300 }, async () => model.score([flatFrame(1)], { deadlineMs: 50 })))
    const codes = results.flatMap((result) => result.status === 'rejected' ? [(result.reason as { code: string }).code] : [])
    expect(codes.filter((code) => code === 'GOODPARTS_QUEUE_FULL').length).toBeGreaterThanOrEqual(43)
    expect(new Set(codes)).toEqual(new Set(['GOODPARTS_QUEUE_FULL', 'GOODPARTS_DEADLINE_PASSED']))
    await model.close()
  })

  it('finishes what it has taken when it is closed, and takes no more', async () => {
    const model = await loadModel(slow, plain)
    const taken = model.score([flatFrame(51), flatFrame(102)])
    const closed = model.close()
    await expect(model.score([flatFrame(0)])).rejects.toMatchObject({ code: 'GOODPARTS_INFERENCE_FAILED' })
    await closed
    expect((await taken).map(({ score }) => Number(score.toFixed(3)))).toEqual([0.2, 0.4])
    expect(allLedgers().some(({ hop }) => hop === `model/${slow.metadata.id}`)).toBe(false)
  })

  it('fails the work of a thread that dies, and goes on with a new one', async () => {
    const workers: Worker[] = []
    const seen = (worker: Worker): void => { workers.push(worker) }
    process.on('worker', seen)
    const model = await loadModel(slow, plain)
    expect(workers).toHaveLength(1)
    const doomed = model.score([flatFrame(51)])
    await workers[0]!.terminate()
    await expect(doomed).rejects.toMatchObject({ code: 'GOODPARTS_INFERENCE_FAILED', retriable: true })
    expect((await model.score([flatFrame(102)]))[0]?.score).toBeCloseTo(0.4)
    expect(workers).toHaveLength(2)
    process.off('worker', seen)
    await model.close()
  })

  it('tells the runtime’s own message when the graph cannot take a picture', async () => {
    const picky = await brightnessBundle({}, { name: 'picky' })
    const model = await loadModel(picky, plain)
    const frame = flatFrame(1)
    // No memory behind the picture: the runtime gets fewer bytes than the shape says.
    Object.defineProperty(frame, 'memory', { value: new SharedArrayBuffer(8) })
    await expect(model.score([frame])).rejects.toMatchObject({ code: 'GOODPARTS_INFERENCE_FAILED' })
    expect((await model.score([flatFrame(255)]))[0]?.score).toBeCloseTo(1)
    await model.close()
  })
})

describe('loading', () => {
  it('refuses a bundle whose answers are not its own', async () => {
    const wrong = writeBundle(brightnessGraph({ factor: 1.1 }), description({ golden: bundle.metadata.golden }))
    for (const options of [plain, { ...plain, workers: 'auto' as const }]) {
      await expect(loadModel(wrong, options)).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_GOLDEN' })
    }
  })

  it('refuses a graph that is no detector', async () => {
    const { metadata, bytes } = bundle
    const broken = { metadata, bytes: bytes.subarray(0, 40) }
    await expect(loadModel(broken, plain)).rejects.toMatchObject({ code: 'GOODPARTS_GRAPH_INVALID' })
  })

  it.each([{ workers: 0 }, { threads: 1.5 }])('refuses %j', async (options) => {
    await expect(loadModel(bundle, { ...plain, ...options })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })

  it('times the layouts once and remembers the choice for bundles of the same cost', async () => {
    const options: LoadOptions = { device: 'cpu', cacheFolder: join(folder, 'cache'), processorTime: allOfIt }
    const first = await loadModel(bundle, options)
    const { choice } = first
    expect(choice.trials.length).toBeGreaterThan(0)
    expect(choice.trials.every(({ imagesPerSecond }) => imagesPerSecond !== null && imagesPerSecond > 0)).toBe(true)
    expect(choice.reason).toMatch(/^cpu, \d+ workers? of \d+ threads?: [\d.e+]+ images\/s$/)
    await first.close()

    const file = join(folder, 'cache', 'device-choices.json')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(choice.reason, 'from the cache'))
    const second = await loadModel(await brightnessBundle({ factor: 0.9 }), options)
    expect(second.choice.reason).toBe('from the cache')
    await second.close()

    writeFileSync(file, '{ nonsense')
    const third = await loadModel(bundle, options)
    expect(third.choice.reason).toMatch(/images\/s$/)
    await third.close()
  })

  it('knows a bundle that has learned on as one of the same cost', async () => {
    const options: LoadOptions = { device: 'cpu', cacheFolder: join(folder, 'learned'), processorTime: allOfIt }
    await (await loadModel(bundle, options)).close()
    const file = join(folder, 'learned', 'device-choices.json')
    const kinds = (): number => Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object).length
    const { options: own } = bundle.metadata
    await (await loadModel(await brightnessBundle({}, { options: { ...own, products: ['plate'], update: 'extend' } }), options)).close()
    expect(kinds()).toBe(1)
    await (await loadModel(await brightnessBundle({}, { options: { ...own, lights: [] } }), options)).close()
    expect(kinds()).toBe(2)
  })

  it('says so when other work took the processor meanwhile, and measures again a day later', async () => {
    const options: LoadOptions = { device: 'cpu', cacheFolder: join(folder, 'busy') }
    const file = join(folder, 'busy', 'device-choices.json')
    const busy = await loadModel(bundle, { ...options, processorTime: () => 500 * performance.now() })
    expect(busy.choice).toMatchObject({ disturbed: true, reason: expect.stringMatching(/images\/s, timed beside other work$/) as string })
    await busy.close()
    const again = await loadModel(bundle, { ...options, processorTime: allOfIt })
    expect(again.choice).toEqual(busy.choice)
    await again.close()
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"measuredAt": "[^"]*"/, `"measuredAt": "${new Date(Date.now() - 25 * 3_600_000).toISOString()}"`))
    const quiet = await loadModel(bundle, { ...options, processorTime: allOfIt })
    expect(quiet.choice.disturbed).toBeUndefined()
    await quiet.close()
  })
})

describe('choosing a device', () => {
  const auto = { device: 'auto', workers: 'auto', threads: 'auto' } as const

  it('takes the fastest of those that run the bundle, and keeps every reason', async () => {
    const answers = { cuda: { error: 'no driver' }, webgpu: { result: { imagesPerSecond: 1e9, goldenDifference: 0.001 } } }
    const choice = await chooseDevice(bundle, auto, { cores: 1, devices: ['cpu', 'webgpu', 'cuda', 'tensorrt'], probe: (_bytes, device) => Promise.resolve(answers[device as 'cuda']) })
    expect(choice).toMatchObject({ device: 'webgpu', workers: 1, threads: 1 })
    expect(choice.trials.map(({ device, goldenDifference }) => [device, goldenDifference])).toEqual([['cuda', null], ['webgpu', 0.001], ['cpu', 0]])
    expect(choice.trials[0]?.reason).toBe('no driver')
  })

  it('leaves a slow one alone', async () => {
    const choice = await chooseDevice(bundle, auto, { cores: 1, devices: ['webgpu'], probe: () => Promise.resolve({ result: { imagesPerSecond: 0.5, goldenDifference: 0 } }) })
    expect(choice.device).toBe('cpu')
    expect(choice.reason).toContain('webgpu 0.500 images/s')
  })

  it('refuses when the one asked for cannot run, with the reason', async () => {
    await expect(chooseDevice(bundle, { ...auto, device: 'cuda' }, { devices: ['cuda'], probe: () => Promise.resolve({ error: 'its process crashed (SIGSEGV)' }) }))
      .rejects.toMatchObject({ code: 'GOODPARTS_DEVICE_UNAVAILABLE', message: expect.stringContaining('SIGSEGV') as string })
  })

  it.skipIf(driver === null)('runs a bundle on WebGPU, in software where there is no graphics processor', { timeout: 120_000 }, async () => {
    process.env.VK_ICD_FILENAMES = driver ?? ''
    try {
      const model = await loadModel(bundle, { device: 'webgpu', cacheFolder: null })
      expect(model.choice).toMatchObject({ device: 'webgpu', workers: 1 })
      expect(model.choice.trials[0]?.goldenDifference).toBeLessThan(bundle.metadata.golden.relativeTolerance)
      const scorings = await model.score([flatFrame(51), flatFrame(102)])
      expect(scorings.map(({ score }) => Number(score.toFixed(4)))).toEqual([0.2, 0.4])
      await model.close()
    } finally {
      delete process.env.VK_ICD_FILENAMES
    }
  })

  it('tries the bundle in a process of its own', async () => {
    const answer = await probeDevice(bundle.bytes, 'cpu', 20)
    expect(answer).toMatchObject({ result: { goldenDifference: 0, imagesPerSecond: expect.any(Number) as number } })
    expect(await probeDevice(Buffer.from('nothing'), 'cpu', 20)).toMatchObject({ error: expect.stringContaining('bundle') as string })
  })
})
