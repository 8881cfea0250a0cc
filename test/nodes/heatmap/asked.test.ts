/** What the live page gets when it asks a heatmap node, and who goes first. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { saveBundle } from '../../../engine/bundle/bundle.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { allLedgers } from '../../../engine/frame/ledger.ts'
import { encodePng } from '../../../engine/frame/image-codec.ts'
import type { LineExplainer } from '../../../engine/live/publication.ts'
import { processorShare } from '../../../engine/runtime/processor-share.ts'
import heatmap from '../../../nodes/heatmap/goodparts-heatmap.ts'
import type { PartExplanationMessage } from '../../../nodes/heatmap/part-explanations.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import { readLiveMessage } from '../../../nodes/live/live-message.ts'
import liveServer from '../../../nodes/live-server/goodparts-live-server.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import type { InspectionRecord, Verdict } from '../../../schemas/inspection.ts'
import type { LiveExplanations } from '../../../schemas/live.ts'
import { spottedPicture } from '../../explain/hand-built-models.ts'
import { spotBundle } from '../../explain/spot-bundle.ts'
import { inspection } from '../../publish/fixtures.ts'
import { deploy, nextMessage, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

let folder: string
let bundleId: string
let sequence = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-asked-test-'))
  const bundle = await spotBundle()
  bundleId = bundle.metadata.id
  await saveBundle(join(folder, 'spots.onnx'), bundle)
  await startRuntime({ userDir: folder })
})
afterEach(undeploy)
afterAll(async () => {
  await stopRuntime()
  rmSync(folder, { recursive: true })
})

function part (verdict: Verdict): { frame: Frame, inspection: InspectionRecord } {
  const { data, ...size } = spottedPicture()
  const frame = Frame.fromPixels(data, { source: 'test', sequence: sequence++, ...size })
  return { frame, inspection: { ...inspection(sequence), eventId: `part-${sequence}`, verdict, frame: frame.toJSON(), bundle: { id: bundleId, family: 'hand-built' } } }
}

function flow (changes: object, more: object[] = []): object[] {
  return [
    { id: 'flow', type: 'tab' },
    { id: 'heat', z: 'flow', type: 'goodparts-heatmap', name: '', explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '3', model: 'model', methods: '', budget: '20000', judge: false, zones: '', wires: [['out'], ['later']], ...changes },
    { id: 'model', type: 'goodparts-model', name: '', bundle: join(folder, 'spots.onnx'), device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' },
    { id: 'out', z: 'flow', type: 'helper' },
    { id: 'later', z: 'flow', type: 'helper' },
    ...more
  ]
}

async function start (changes: object, more: object[] = []): Promise<void> {
  await deploy([model, heatmap, liveServer, live], flow(changes, more))
  const modelNode = nodeOf('model') as ModelNode
  if (modelNode.current() === undefined) await once(modelNode, 'changed')
}

/** Through the message, as the live node gets it. */
async function explainerOf (sent: ReturnType<typeof part>): Promise<LineExplainer> {
  const next = nextMessage('out')
  nodeOf('heat').receive({ ...sent })
  const input = readLiveMessage(await next, '')
  if (input.kind !== 'publication' || input.publication.explainer === undefined) throw new Error('Expected a verdict that says who explains')
  return input.publication.explainer
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function pngOf (frame: Frame): Promise<Uint8Array> {
  const { width, height, channels } = frame
  return encodePng({ data: frame.pixels(), width, height, channels }, 1)
}

test('a verdict says whom to ask, who explains a part of before by the methods asked for', async () => {
  await start({})
  const good = part('good')
  const explainer = await explainerOf(good)
  const { util } = createRequire(import.meta.url)('@node-red/util') as { util: { cloneMessage: (msg: object) => { explainer: unknown } } }
  expect(util.cloneMessage({ explainer }).explainer).toBe(explainer)
  expect(explainer.usual).toEqual(['layer-cam'])
  expect(explainer.methods).not.toContain('anomaly-map')
  expect(explainer.obstacle(good.inspection)).toBeNull()
  expect(explainer.obstacle({ ...good.inspection, bundle: { id: 'another', family: 'hand-built' } })).toBe('another-model')

  const found = await explainer.explain({ record: good.inspection, picture: await pngOf(good.frame) }, ['sise', 'grad-cam'])

  expect(found.methods.map(({ method }) => method)).toEqual(['grad-cam', 'sise'])
  expect(found.methods[0]).toMatchObject({ insertion: null, deletion: null, skipped: null })
  await expect(explainer.explain({ record: good.inspection, picture: new Uint8Array(4) }, ['sise'])).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE' })
  await undeploy()
  expect(explainer.obstacle(good.inspection)).toBe('set-up-anew')
}, 30_000)

test('a process that is killed while somebody waits is told to whoever watches over the flow, too', async () => {
  await start({}, [{ id: 'caught', z: 'flow', type: 'catch', scope: ['heat'], wires: [['errors']] }, { id: 'errors', z: 'flow', type: 'helper' }])
  const good = part('good')
  const explainer = await explainerOf(good)
  const caught = nextMessage('errors')

  const answer = explainer.explain({ record: good.inspection, picture: await pngOf(good.frame) }, ['rise'])
  const refused = expect(answer).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED', message: expect.stringContaining('SIGKILL') as string })
  await expect.poll(() => explaining().length).toBe(1)
  process.kill(explaining()[0]!, 'SIGKILL')

  await refused
  expect(await caught).toMatchObject({ inspection: { eventId: good.inspection.eventId }, error: { message: expect.stringContaining('SIGKILL') as string } })
}, 30_000)

/** Explanation processes of this one, by their numbers. */
function explaining (): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const parent = / \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))?.[1]
      return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('explanation-child')
    } catch {
      return false
    }
  })
}

test('a deploy of the node tells the page that the line was set up anew, and the next verdict brings back who explains', async () => {
  const port = String(await freePort())
  const page = [
    { id: 'server', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port, framesPerSecond: '12', jpegQuality: '80', historyFolder: '', historyInspections: '10000', historySize: '512', tls: '' },
    { id: 'live', z: 'flow', type: 'goodparts-live', name: '', server: 'server', line: 'a', wires: [] }
  ]
  await start({ wires: [['live'], ['live']] }, page)
  await untilStatus('live', ({ text }) => text === 'goodparts-live.status.viewers')
  const reject = part('reject')
  const address = `http://127.0.0.1:${port}/api/lines/a/explanations/${reject.inspection.eventId}`
  const known = async (): Promise<LiveExplanations> => await (await fetch(address)).json() as LiveExplanations
  nodeOf('heat').receive({ ...reject })
  await expect.poll(async () => (await known()).offer.obstacle).toBeNull()
  const asked = { schema: 'goodparts.live/1', kind: 'explain', methods: ['rise', 'sise'] }
  expect((await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(asked) })).status).toBe(202)

  await redeploy(flow({ wires: [['live'], ['live']], name: 'changed' }, page), 'nodes')

  const reason = 'the line was set up anew, ask again'
  await expect.poll(known).toMatchObject({ state: 'without-map', asked: [], without: [{ method: 'rise', reason }, { method: 'sise', reason }], offer: { obstacle: 'set-up-anew' } })
  nodeOf('heat').receive({ ...part('reject') })
  await expect.poll(async () => (await known()).offer.obstacle).toBeNull()
}, 30_000)

test('who asks later gets the names of the zones that came with the part', async () => {
  const everywhere = (name: string): object[] => [{ name, box: [0, 0, 1000, 1000] }]
  await start({ zones: JSON.stringify(everywhere('of the form')) })
  const [own, other] = [{ ...part('good'), zones: everywhere('of the part') }, part('good')]
  const explainer = await explainerOf(own)
  await explainerOf(other)
  const zonesOf = async ({ inspection: record, frame }: ReturnType<typeof part>): Promise<unknown> => {
    const { methods: [found] } = await explainer.explain({ record, picture: await pngOf(frame) }, ['grad-cam'])
    return found?.regions[0]?.zone
  }
  expect(await zonesOf(own)).toBe('of the part')
  expect(await zonesOf(other)).toBe('of the form')
}, 30_000)

test('a part of the line that waits already is hurried, and explained once', async () => {
  await start({ methods: 'grad-cam' })
  const came: string[] = []
  nodeOf('later').on('input', (msg) => { came.push((msg as unknown as { inspection: InspectionRecord }).inspection.eventId) })
  const parts = [part('reject'), part('reject'), part('review')] as const
  const [explainer] = await Promise.all(parts.map(explainerOf))
  const [running, , last] = parts

  const found = await explainer!.explain({ record: last.inspection, picture: await pngOf(last.frame) }, ['grad-cam'])

  expect(found.methods.map(({ method }) => method)).toEqual(['grad-cam'])
  await expect.poll(() => came.length).toBe(3)
  expect(came).toContain(running.inspection.eventId)
  expect(allLedgers().find(({ hop }) => hop === 'heatmap/heat/methods')).toMatchObject({ in: 3 })
}, 30_000)

test.runIf(process.platform === 'linux')('what somebody waits for comes on a line that never pauses too, whether the line has asked for it already or not', async () => {
  await start({ methods: 'grad-cam' })
  const [unasked, waiting, other] = [part('reject'), part('reject'), part('good')]
  let judged = (): void => { /* set below */ }
  const verdict = processorShare.run(Infinity, async () => new Promise<void>((resolve) => { judged = resolve }))
  try {
    const [explainer] = await Promise.all([unasked, waiting].map(explainerOf))
    expect(explainer!.isExplaining(unasked.inspection.eventId)).toBe(true)
    expect(explainer!.isExplaining(other.inspection.eventId)).toBe(false)

    const hurried = await explainer!.explain({ record: waiting.inspection, picture: await pngOf(waiting.frame) }, ['grad-cam'])
    const asked = await explainer!.explain({ record: other.inspection, picture: await pngOf(other.frame) }, ['layer-cam'])

    expect([...hurried.methods, ...asked.methods].map(({ method }) => method)).toEqual(['grad-cam', 'layer-cam'])
    expect(explainer!.isExplaining(waiting.inspection.eventId)).toBe(false)
  } finally {
    judged()
    await verdict
  }
}, 30_000)

test('every verdict that is said to be explained gets an answer, or says that there was no place, also without a map of its own', async () => {
  await start({ methods: 'grad-cam', capacity: '1' })
  const passed: Array<{ eventId: string, explaining: unknown }> = []
  const answered: string[] = []
  nodeOf('out').on('input', (msg) => {
    const { inspection: { eventId }, explaining } = msg as unknown as { inspection: InspectionRecord, explaining?: unknown }
    passed.push({ eventId, explaining })
  })
  nodeOf('later').on('input', (msg) => { answered.push((msg as unknown as { inspection: InspectionRecord }).inspection.eventId) })

  for (let i = 0; i < 3; i++) nodeOf('heat').receive({ ...part('reject') })
  await expect.poll(() => passed.length).toBe(3)

  const promised = passed.filter(({ explaining }) => explaining === 'explaining').map(({ eventId }) => eventId)
  expect(new Set(passed.map(({ explaining }) => explaining)).has(undefined)).toBe(false)
  await expect.poll(() => answered.toSorted(), { timeout: 10_000 }).toEqual(promised.toSorted())
}, 30_000)

test('what is asked for goes first, then rejects, then reviews; who loses a place to them is told', async () => {
  await start({ methods: 'sise' })
  const answers: Array<{ eventId: string, explanation: PartExplanationMessage }> = []
  nodeOf('later').on('input', (msg) => {
    const { inspection: { eventId }, explanation } = msg as unknown as { inspection: InspectionRecord, explanation: PartExplanationMessage }
    answers.push({ eventId, explanation })
  })
  const [running, first, second, reject, asked] = [part('review'), part('review'), part('review'), part('reject'), part('good')]
  const explainer = await explainerOf(running)
  for (const each of [first, second]) await explainerOf(each)
  const came: string[] = []
  nodeOf('later').on('input', (msg) => { came.push((msg as unknown as { inspection: InspectionRecord }).inspection.eventId) })
  const picture = await pngOf(asked.frame)

  const answered = explainer.explain({ record: asked.inspection, picture }, ['sise']).then(() => { came.push(asked.inspection.eventId) })
  await explainerOf(reject)
  await answered
  await expect.poll(() => answers.map(({ eventId }) => eventId), { timeout: 20_000 }).toContain(reject.inspection.eventId)

  const displaced = answers.filter(({ explanation }) => explanation.methods.length === 0)
  expect(displaced.map(({ eventId }) => eventId).sort()).toEqual([first, second].map(({ inspection: { eventId } }) => eventId).sort())
  expect(displaced[0]?.explanation.without).toMatchObject([{ method: 'sise', code: 'GOODPARTS_QUEUE_FULL' }])
  expect(came.indexOf(asked.inspection.eventId)).toBeLessThan(came.indexOf(reject.inspection.eventId))
}, 30_000)
