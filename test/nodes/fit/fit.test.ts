import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { autoDefaults } from '../../../engine/detectors/auto/options.ts'
import { fittable } from '../../../engine/detectors/registry.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { allLedgers, type LedgerSnapshot } from '../../../engine/frame/ledger.ts'
import { decodeImage, encodePng } from '../../../engine/frame/image-codec.ts'
import { goldenImage } from '../../../engine/bundle/golden.ts'
import fit from '../../../nodes/fit/goodparts-fit.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import { leavesRateOut, readFitForm } from '../../../nodes/fit/settings.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { deploy, nextMessage, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const nodes = [model, score, fit]
const [width, height] = [96, 64]
let userDir: string
/** Outside of it, named in the settings. */
let allowed: string

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'learned', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' },
  { id: 'fit', z: 'flow', type: 'goodparts-fit', name: 'learn', model: 'model', bundle: '', detector: 'patch-memory', count: '24', begin: 'no-bundle', scale: 'standard', size: '64', rate: '', seed: '1', wires: [['bundle'], ['progress']], ...changes },
  { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: 'line-1', product: '', deadline: '0', policy: 'every', capacity: '4', batch: '1', wires: [['verdict'], ['verdict'], ['verdict'], ['verdict']] },
  { id: 'bundle', z: 'flow', type: 'helper' },
  { id: 'progress', z: 'flow', type: 'helper' },
  { id: 'verdict', z: 'flow', type: 'helper' },
  { id: 'caught', z: 'flow', type: 'catch', scope: ['fit'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

/** The form's own defaults. */
const fresh = { bundle: 'fresh', detector: 'patch-memory', count: '60', interval: '', begin: 'no-bundle', scale: 'auto', size: '', rate: '', tiles: '', overlap: '', regions: '', seed: '0' }

let sequence = 0

/** The same part every time, under grain that differs. */
function goodFrame (): Frame {
  const part = goldenImage(1, width, height).data
  const grain = goldenImage(100 + sequence, width, height).data
  const pixels = part.map((value, index) => Math.min(255, value + ((grain[index] as number) >> 5)))
  return Frame.fromPixels(pixels, { source: 'camera', sequence: sequence++, width, height, channels: 3 })
}

function badFrame (): Frame {
  const pixels = Uint8Array.from(goldenImage(1, width, height).data)
  for (let y = 20; y < 36; y++) pixels.fill(255, (y * width + 40) * 3, (y * width + 56) * 3)
  return Frame.fromPixels(pixels, { source: 'camera', sequence: sequence++, width, height, channels: 3 })
}

const fitLedger = (): LedgerSnapshot | undefined => allLedgers().find(({ hop }) => hop === 'fit/fit')

/** Sends good frames until the node has what it wants. */
async function feed (): Promise<void> {
  const collected = new Promise<void>((resolve) => {
    nodeOf('progress').on('input', (msg) => { if ((msg.payload as { stage: string }).stage !== 'collecting') resolve() })
  })
  const timer = setInterval(() => { nodeOf('fit').receive({ frame: goodFrame() }) }, 10)
  await collected
  clearInterval(timer)
}

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-fit-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  allowed = mkdtempSync(join(tmpdir(), 'goodparts-allowed-'))
  await startRuntime({ userDir, goodpartsFitFolders: [join(userDir, 'not there'), allowed] })
})
afterEach(async () => {
  await undeploy()
  rmSync(join(userDir, 'goodparts'), { recursive: true, force: true })
})
afterAll(async () => {
  await stopRuntime()
  for (const folder of [userDir, allowed]) rmSync(folder, { recursive: true })
})

describe('goodparts-fit', () => {
  it('learns from the line by itself, puts the bundle into the model, and the line is judged by it', async () => {
    await deploy(nodes, flow())
    const stages = new Set<string>()
    const suspects: unknown[] = []
    nodeOf('progress').on('input', (msg) => {
      expect(msg).toMatchObject({ topic: 'learn', payload: { kind: 'fit-progress' } })
      const { stage, suspects: found } = msg.payload as { stage: string, suspects?: unknown }
      stages.add(stage)
      if (found !== undefined) suspects.push(found)
    })
    const made = nextMessage('bundle')
    await untilStatus('fit', ({ text }) => text?.endsWith('collecting') === true)
    await feed()
    const { payload } = await made as { payload: { path: string, id: string } }
    expect(payload).toMatchObject({ path: join(userDir, 'goodparts', 'bundles', 'learned.onnx'), metadata: { family: 'patch-memory', training: { images: 14 }, calibration: { count: 10 } } })
    expect(JSON.stringify(payload).length).toBeLessThan(4000)
    expect((nodeOf('model') as ModelNode).current()?.model.metadata.id).toBe(payload.id)
    expect([...stages][0]).toBe('collecting')
    expect([...stages].at(-1)).toBe('ready')
    expect(stages.size).toBeGreaterThan(3)
    expect(suspects).toEqual([expect.any(Array)])
    expect(readdirSync(join(userDir, 'goodparts', 'training', 'fit'))).toHaveLength(24)

    const good = nextMessage('verdict')
    nodeOf('score').receive({ frame: goodFrame() })
    const goodScore = (await good as { inspection: { score: number } }).inspection.score
    const bad = nextMessage('verdict')
    nodeOf('score').receive({ frame: badFrame() })
    const { inspection } = await bad as { inspection: { score: number, verdict: string } }
    expect(inspection.verdict).toBe('reject')
    expect(inspection.score).toBeGreaterThan(goodScore)
  }, 120_000)

  it('learns from a folder, and can be cancelled while it does', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    const folder = join(allowed, 'good')
    await mkdir(folder)
    for (let picture = 0; picture < 24; picture++) {
      await writeFile(join(folder, `${picture}.png`), await encodePng({ data: goodFrame().pixels(), width, height, channels: 3 }, 1))
    }
    const started = nextMessage('progress')
    nodeOf('fit').receive({ payload: { folder } })
    await started
    nodeOf('fit').receive({ fit: 'cancel' })
    const ends: unknown[] = []
    nodeOf('progress').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'fit-ended') ends.push(payload) })
    await untilStatus('fit', ({ text }) => text?.endsWith('idle') === true)
    await expect.poll(() => ends).toMatchObject([{ outcome: 'cancelled' }])
    expect(existsSync(join(userDir, 'goodparts', 'bundles', 'learned.onnx'))).toBe(false)

    const made = nextMessage('bundle')
    nodeOf('fit').receive({ payload: { folder } })
    expect(await made).toMatchObject({ payload: { metadata: { training: { images: 14 } } } })
  }, 120_000)

  it('learns by any family of the form, each explained in both languages', async () => {
    const form = readFileSync(join(import.meta.dirname, '../../../nodes/fit/goodparts-fit.html'), 'utf8')
    const [, choices = ''] = /id="node-input-detector"[^>]*>([^]*?)<\/select>/.exec(form) ?? []
    const families = [...choices.matchAll(/value="([^"]+)"/g)].map(([, family]) => family as string)
    const learning = fittable.filter(({ learnsDefects }) => learnsDefects !== 'required').map(({ family }) => family)
    expect(families.toSorted()).toEqual(learning.toSorted())
    for (const language of ['en-US', 'ko']) {
      const texts = JSON.parse(readFileSync(join(import.meta.dirname, `../../../nodes/fit/locales/${language}/goodparts-fit.json`), 'utf8')) as { 'goodparts-fit': { advice: Record<string, string> } }
      expect(Object.keys(texts['goodparts-fit'].advice)).toEqual(expect.arrayContaining(families))
      for (const family of autoDefaults.families) expect(texts['goodparts-fit'].advice['auto']).toContain(family)
    }

    // Every one can be had with the form as it comes out of the palette.
    for (const detector of families) expect(readFitForm({ ...fresh, detector }, 'fit', userDir, null).request.family).toBe(detector)

    // The form's scale means nothing to templates: it is left out.
    await deploy(nodes, flow({ begin: 'manual', detector: 'template-difference' }))
    const folder = join(allowed, 'for templates')
    await mkdir(folder)
    for (let picture = 0; picture < 24; picture++) await writeFile(join(folder, `${picture}.png`), await encodePng({ data: goodFrame().pixels(), width, height, channels: 3 }, 1))
    const made = nextMessage('bundle')
    nodeOf('fit').receive({ payload: { folder } })
    expect(await made).toMatchObject({ payload: { metadata: { family: 'template-difference', options: { size: 64 } } } })
  }, 120_000)

  it('knows which families do not go by a frame rate', () => {
    expect(['patch-memory', 'distillation', 'discriminative', 'auto'].filter((detector) => leavesRateOut({ ...fresh, detector, rate: '20' }))).toEqual([])
    const leaving = { ...fresh, detector: 'contrastive', rate: '20' }
    expect(leavesRateOut(leaving)).toBe(true)
    expect(leavesRateOut({ ...leaving, rate: '' })).toBe(false)
    expect(readFitForm(leaving, 'fit', userDir, null).request.options).not.toHaveProperty('targetImagesPerSecond')
  })

  it('begins again on reset, and ignores frames when it is not collecting', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    nodeOf('fit').receive({ frame: goodFrame() })
    await expect.poll(fitLedger).toMatchObject({ in: 1, out: 0, dropped: { 'not-collecting': 1 } })
    const first = nextMessage('progress')
    nodeOf('fit').receive({ fit: 'start' })
    expect(await first).toMatchObject({ payload: { stage: 'collecting', done: 0, total: 24 } })
    const second = nextMessage('progress')
    nodeOf('fit').receive({ frame: goodFrame() })
    expect(await second).toMatchObject({ payload: { done: 1 } })
    const third = nextMessage('progress')
    nodeOf('fit').receive({ fit: 'reset' })
    expect(await third).toMatchObject({ payload: { done: 0 } })
    await expect.poll(() => readdirSync(join(userDir, 'goodparts', 'training', 'fit'))).toEqual([])
    await undeploy()
    expect(fitLedger()).toBeUndefined()
  })

  it('takes the very first frames, all of them and no others, however fast they come', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    const made = nextMessage('bundle')
    const frames = Array.from({ length: 30 }, () => goodFrame())
    nodeOf('fit').receive({ fit: 'start' })
    for (const frame of frames) nodeOf('fit').receive({ frame })
    await made
    expect(fitLedger()).toMatchObject({ in: 30, out: 24, dropped: { enough: 6 }, inFlight: 0 })
    const folder = join(userDir, 'goodparts', 'training', 'fit')
    const kept = await Promise.all(readdirSync(folder).sort().map(async (name) => (await decodeImage(join(folder, name))).data))
    expect(kept.map((data) => frames.findIndex((frame) => Buffer.compare(frame.pixels(), data) === 0))).toEqual(Array.from({ length: 24 }, (_, index) => index))
  }, 120_000)

  it('leaves time between two frames where that is asked for', async () => {
    await deploy(nodes, flow({ begin: 'manual', interval: '3600' }))
    const progress: number[] = []
    nodeOf('progress').on('input', (msg) => { progress.push((msg.payload as { done: number }).done) })
    nodeOf('fit').receive({ fit: 'start' })
    for (let index = 0; index < 5; index++) nodeOf('fit').receive({ frame: goodFrame() })
    await expect.poll(() => progress).toEqual([0, 1])
    expect(fitLedger()).toMatchObject({ in: 5, out: 1, dropped: { 'too-soon': 4 }, inFlight: 0 })
  })

  it('says why it failed: a folder with too few pictures, a message that asks for nothing', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    const folder = join(userDir, 'few')
    await mkdir(folder)
    await writeFile(join(folder, '1.png'), await encodePng({ data: goodFrame().pixels(), width, height, channels: 3 }, 1))
    const ends: unknown[] = []
    nodeOf('progress').on('input', ({ payload }) => { if ((payload as { kind: string }).kind === 'fit-ended') ends.push(payload) })
    const caught = nextMessage('errors')
    nodeOf('fit').receive({ payload: { folder } })
    expect(await caught).toMatchObject({ error: { message: expect.stringContaining('got 1') as string, source: { id: 'fit' } }, payload: { code: 'GOODPARTS_TOO_FEW_IMAGES' } })
    expect(await untilStatus('fit', ({ fill }) => fill === 'red')).toMatchObject({ text: 'goodparts-fit.status.failed' })
    await expect.poll(() => ends).toMatchObject([{ outcome: 'failed', code: 'GOODPARTS_TOO_FEW_IMAGES', text: expect.stringContaining('got 1') as string }])
    const errors = nextMessage('errors')
    nodeOf('fit').receive({ payload: 'hello' })
    expect(await errors).toMatchObject({ error: { message: expect.stringContaining('msg.fit to be start, cancel or reset') as string } })
  }, 60_000)

  it('takes back what it said of a fit when its node is deleted', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    const begun = nextMessage('progress')
    nodeOf('fit').receive({ fit: 'start' })
    expect(await begun).toMatchObject({ payload: { kind: 'fit-progress' } })
    const ended = nextMessage('progress')
    await redeploy(flow().filter((node) => (node as { id: string }).id !== 'fit'), 'nodes')
    expect(await ended).toMatchObject({ topic: 'learn', payload: { kind: 'fit-ended', outcome: 'cancelled' } })
  })

  it('reads no folder but those of the user directory and of the settings', async () => {
    await deploy(nodes, flow({ begin: 'manual' }))
    const elsewhere = mkdtempSync(join(tmpdir(), 'goodparts-elsewhere-'))
    try {
      symlinkSync(elsewhere, join(userDir, 'link'))
      for (const folder of [elsewhere, '../', join(userDir, 'link')]) {
        const errors = nextMessage('errors')
        nodeOf('fit').receive({ payload: { folder } })
        expect(await errors).toMatchObject({ error: { message: expect.stringContaining('Expected a path under') as string } })
      }
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
    const missing = nextMessage('errors')
    nodeOf('fit').receive({ payload: { folder: join(allowed, 'nothing') } })
    expect(await missing).toMatchObject({ error: { message: expect.stringContaining('to exist') as string } })
  })

  it.each([
    [{ reviewRate: '200' }, 'the review rate to be above 0 and below 100 %, got 200'],
    [{ workers: '999' }, 'workers, unless auto, to be'],
    [{ bundle: '../../../out' }, 'the bundle to lie under']
  ])('says that it is the model node that is not configured for %j, at the start and with each message', async (changes, own) => {
    const whole = flow({ begin: 'manual' }).map((node) => (node as { id: string }).id === 'model' ? { ...node, ...changes } : node)
    const heard: string[] = []
    await deploy([...nodes, (RED) => { RED.events.once('flows:started', () => { nodeOf('errors').on('input', (msg) => { heard.push((msg as unknown as { error: { message: string } }).error.message) }) }) }], whole)
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    const caught = nextMessage('errors')
    nodeOf('fit').receive({ fit: 'start' })
    await caught
    await expect.poll(() => heard).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/The chosen model node is not configured: Expected/) as string))
    for (const message of heard) expect(message).toContain(own)
  })

  it('lets the score node say so too', async () => {
    const whole = flow({ begin: 'manual', bundle: 'other' }).map((node) => {
      const { id } = node as { id: string }
      return id === 'model' ? { ...node, workers: '999' } : id === 'caught' ? { ...node, scope: ['score'] } : node
    })
    const heard: unknown[] = []
    await deploy([...nodes, (RED) => { RED.events.once('flows:started', () => { nodeOf('errors').on('input', (msg) => { heard.push(msg) }) }) }], whole)
    await expect.poll(() => heard).toMatchObject([{ error: { message: expect.stringContaining('The chosen model node is not configured: Expected workers') as string, source: { id: 'score' } } }])
  })

  it.each([{ count: '3' }, { seed: 'x' }, { size: '7' }, { scale: 'coarse' }, { size: '100' }, { detector: 'reconstruction', size: '300' }, { detector: 'magic' }, { tiles: '9x9' }])('shows that it is not configured for %j', async (changes) => {
    await deploy(nodes, flow(changes))
    expect(await untilStatus('fit', ({ fill }) => fill === 'red')).toMatchObject({ text: 'goodparts-fit.status.notConfigured' })
  })
})
