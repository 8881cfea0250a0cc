import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeMessage } from 'node-red'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { saveBundle } from '../../../engine/bundle/bundle.ts'
import { withExemplars } from '../../../engine/bundle/kept-exemplars.ts'
import { AnomalyMap } from '../../../engine/frame/anomaly-map.ts'
import { EncodedImage } from '../../../engine/frame/encoded-image.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { decodeImage } from '../../../engine/frame/image-codec.ts'
import { validate } from '../../../engine/schema-validation.ts'
import heatmap from '../../../nodes/heatmap/goodparts-heatmap.ts'
import type { PartExplanationMessage } from '../../../nodes/heatmap/part-explanations.ts'
import { readHeatmapForm } from '../../../nodes/heatmap/settings.ts'
import { VerdictHeatmaps } from '../../../nodes/heatmap/verdict-heatmaps.ts'
import model, { type ModelNode } from '../../../nodes/model/goodparts-model.ts'
import type { InspectionRecord, Verdict } from '../../../schemas/inspection.ts'
import { flatPicture, spottedPicture } from '../../explain/hand-built-models.ts'
import { spotBundle } from '../../explain/spot-bundle.ts'
import { deploy, nextMessage, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const frame = Frame.fromPixels(new Uint8Array(64 * 48).fill(90), { source: 'test', sequence: 3, width: 64, height: 48, channels: 1 })
const anomalyMap = new AnomalyMap(Float32Array.from({ length: 8 * 6 }, (_, i) => i === 19 ? 4 : 0.5), 6, 8)

function inspection (verdict: Verdict): InspectionRecord {
  return {
    schema: 'goodparts.inspection/1',
    eventId: 'e',
    line: 'line-1',
    recipe: null,
    product: null,
    partId: 'p',
    frame: frame.toJSON(),
    times: { captured: frame.capturedAt, scored: frame.capturedAt, published: null },
    bundle: { id: 'b', family: 'patch-memory' },
    score: 5,
    pValue: 0.01,
    limits: { review: 2, reject: 3 },
    verdict,
    reason: { code: 'above-reject-limit', text: 'above' },
    regions: [],
    explanation: null,
    traceId: 't'
  }
}

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'heat', z: 'flow', type: 'goodparts-heatmap', name: '', explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '1', wires: [['out']], ...changes },
  { id: 'out', z: 'flow', type: 'helper' },
  { id: 'caught', z: 'flow', type: 'catch', scope: ['heat'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

async function answer (msg: NodeMessage): Promise<Record<string, unknown>> {
  const next = nextMessage('out')
  nodeOf('heat').receive(msg)
  return next
}

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(async () => { await stopRuntime() })

describe('goodparts-heatmap', () => {
  test('explains a reject: picture, hash, regions, the raw map, and a record that says so', async () => {
    await deploy([heatmap], flow())
    const record = inspection('reject')

    const msg = await answer({ frame, inspection: record, anomalyMap, topic: 'kept' })

    const { payload, explanation, inspection: explained } = msg as { payload: Buffer, explanation: { overlay: EncodedImage }, inspection: InspectionRecord }
    const sha256 = createHash('sha256').update(payload).digest('hex')
    const mapSha256 = createHash('sha256').update(anomalyMap.values()).digest('hex')
    const regions = [{ box: [24, 16, 8, 8], areaShare: 1 / 48, peak: 4, zone: null }]
    expect(await decodeImage(payload)).toMatchObject({ width: 64, height: 48, channels: 3 })
    expect(explanation).toMatchObject({ method: 'anomaly-map', mediaType: 'image/jpeg', sha256, mapSha256, regions, map: anomalyMap })
    expect(explanation.overlay.bytes()).toBe(payload)
    expect(explained).toEqual({ ...record, regions, explanation: { method: 'anomaly-map', mediaType: 'image/jpeg', sha256 } })
    expect(validate('inspection', explained)).toBe(explained)
    expect(record).toEqual(inspection('reject'))
    expect(msg).toMatchObject({ topic: 'kept', frame, anomalyMap })
    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'green')
  })

  test('names the zone of a region, by the message or by the form', async () => {
    await deploy([heatmap], flow({ zones: '[{"name": "everything", "box": [0, 0, 64, 48]}]' }))
    const zoneOf = async (changes: object): Promise<string | null | undefined> =>
      (await answer({ frame, inspection: inspection('reject'), anomalyMap, ...changes }) as { explanation: { regions: Array<{ zone: string | null }> } }).explanation.regions[0]?.zone

    expect(await zoneOf({})).toBe('everything')
    expect(await zoneOf({ zones: [{ name: 'left', box: [0, 0, 8, 48] }, { name: 'middle', box: [20, 10, 20, 20] }] })).toBe('middle')
    expect(await zoneOf({ zones: [] })).toBeNull()
  })

  test('sends what other methods find on a second output, and lets the verdict go before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodparts-heatmap-test-'))
    try {
      const bundle = await withExemplars(await spotBundle(), [{ name: 'flat.png', read: async () => Promise.resolve(flatPicture()) }])
      await saveBundle(join(folder, 'spots.onnx'), bundle)
      await deploy([model, heatmap], [
        ...flow({ model: 'model', methods: 'grad-cam,sise', budget: '20000', judge: true, zones: '', wires: [['out'], ['later']] }),
        { id: 'model', type: 'goodparts-model', name: '', bundle: join(folder, 'spots.onnx'), device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' },
        { id: 'later', z: 'flow', type: 'helper' }
      ])
      const { data, width, height, channels } = spottedPicture()
      const spotted = Frame.fromPixels(data, { source: 'test', sequence: 4, width, height, channels })
      const record: InspectionRecord = { ...inspection('reject'), frame: spotted.toJSON(), bundle: { id: bundle.metadata.id, family: 'hand-built' } }
      const modelNode = nodeOf('model') as ModelNode
      if (modelNode.current() === undefined) await once(modelNode, 'changed')
      const order: string[] = []
      for (const id of ['out', 'later']) nodeOf(id).on('input', () => { order.push(id) })
      const later = nextMessage('later')

      nodeOf('heat').receive({ frame: spotted, inspection: record, anomalyMap })

      const { explanation, inspection: explained } = await later as { explanation: PartExplanationMessage, inspection: InspectionRecord }
      expect(order).toEqual(['out', 'later'])
      expect(explanation.methods.map(({ method }) => method)).toEqual(['grad-cam', 'sise'])
      expect(explained).toMatchObject({ eventId: record.eventId, explanation: { method: 'grad-cam', sha256: explanation.sha256 } })
      expect(validate('inspection', explained)).toBe(explained)
      for (const { faithfulness, skipped } of explanation.methods) {
        expect(faithfulness!.insertion).toBeGreaterThan(faithfulness!.deletion)
        expect(skipped).toBeNull()
      }
      expect(await decodeImage(explanation.evidence!.picture.bytes())).toMatchObject({ width: 64, height: 64 })

      const nothing = nextMessage('later')
      const { data: flat } = flatPicture()
      await answer({ frame: Frame.fromPixels(flat, { source: 'test', sequence: 5, width, height, channels }), inspection: record, anomalyMap })
      const { payload, explanation: empty } = await nothing as { payload: unknown, explanation: PartExplanationMessage }
      expect(payload).toBeNull()
      expect(empty).toMatchObject({ methods: [], without: ['grad-cam', 'sise'].map((method) => ({ method, reason: 'found nothing that speaks for the score' })), evidence: { name: 'flat.png' } })

      const told: unknown[] = []
      for (let i = 0; i < 6; i++) told.push((await answer({ frame: spotted, inspection: record, anomalyMap }) as { explanation: { others?: string } }).explanation.others)
      expect(told[0]).toBe('explaining')
      expect(told).toContain('queue-full')

      const passed: Array<{ explanation?: { others?: string }, explaining?: string }> = []
      nodeOf('out').on('input', (msg) => { passed.push(msg as typeof passed[number]) })
      for (let i = 0; i < 8; i++) nodeOf('heat').receive({ frame: spotted, inspection: record, anomalyMap })
      await expect.poll(() => passed.length, { timeout: 10_000 }).toBe(8)
      const bare = passed.filter(({ explanation }) => explanation === undefined)
      expect(bare.length).toBeGreaterThan(0)
      expect(passed.map(({ explanation, explaining }) => explanation?.others ?? explaining)).not.toContain(undefined)
      expect(bare.map(({ explaining }) => explaining)).toContain('queue-full')
    } finally {
      await undeploy()
      rmSync(folder, { recursive: true })
    }
  }, 30_000)

  test('refuses methods without a model', async () => {
    await deploy([heatmap], flow({ methods: 'sise' }))

    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'red')
  })

  test.each([{ opacity: 'abc' }, { quality: '500' }, { capacity: '-3' }, { budget: '-5' }])('refuses a form with %j', async (changes) => {
    await deploy([heatmap], flow(changes))

    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'red')
  })

  test.each([
    ['zones that are no list', { zones: '[' }],
    ['methods without a model', { methods: 'layer-cam', model: '' }]
  ])('passes every message on unchanged with %s, at once and in order, and Catch hears of each', async (_, changes) => {
    await deploy([heatmap], [...flow({ ...changes, wires: [['out'], ['later']] }), { id: 'later', z: 'flow', type: 'helper' }])
    const heard = (id: string): Array<Record<string, unknown>> => {
      const messages: Array<Record<string, unknown>> = []
      nodeOf(id).on('input', (msg) => { messages.push(msg) })
      return messages
    }
    const [passed, errors, later] = [heard('out'), heard('errors'), heard('later')]
    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'red')
    await expect.poll(() => errors).toHaveLength(1)
    const given = [
      { _msgid: '1', frame, inspection: inspection('good'), anomalyMap },
      { _msgid: '2', frame, inspection: inspection('reject'), anomalyMap },
      { _msgid: '3', payload: 'anything' }
    ]

    for (const msg of given) nodeOf('heat').receive({ ...msg })

    await expect.poll(() => errors).toHaveLength(4)
    expect(passed).toEqual(given)
    expect(later).toEqual([])
    expect(errors.slice(1)).toMatchObject(given.map(({ _msgid }) => ({ _msgid, error: { code: 'GOODPARTS_ARGUMENT' } })))
  })

  test('is idle once its form is mended, before any verdict', async () => {
    await deploy([heatmap], flow({ opacity: 'abc' }))
    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'red')
    await redeploy(flow(), 'nodes')

    expect(await untilStatus('heat', (status) => typeof status === 'object' && status.fill !== undefined)).toMatchObject({ fill: 'grey', text: expect.stringMatching(/status.idle$/) as string })
  })

  test('lets a verdict go without its heatmap when that takes too long', async () => {
    const form = { explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '1' }
    const heatmaps = new VerdictHeatmaps('heatmap/late', readHeatmapForm(form), null, { explained: () => { /* none is asked */ }, failed: () => { /* none does */ } }, { longestWaitMs: 1 })
    const msg = { _msgid: '1', frame, inspection: inspection('reject'), anomalyMap }
    try {
      // Its thread starts first, which takes far longer.
      expect(await heatmaps.explain(msg)).toMatchObject({ message: msg, error: { code: 'GOODPARTS_EXPLANATION_FAILED', message: expect.stringContaining('within 1 ms') as unknown } })
    } finally {
      await heatmaps.close()
    }
  })

  test.each([
    ['a verdict that was not chosen', { frame, inspection: inspection('good'), anomalyMap }],
    ['a frame that was not inspected', { frame, inspection: inspection('not-inspected') }],
    ['a message of another kind', { payload: 'anything' }]
  ])('passes %s unchanged', async (_, msg) => {
    await deploy([heatmap], flow())

    const passed = await answer({ ...msg })

    delete passed._msgid
    expect(passed).toEqual(msg)
  })

  test('passes a verdict without explanation, with an error for Catch, when too many wait, and keeps the order', async () => {
    await deploy([heatmap], flow())
    const errors: unknown[] = []
    nodeOf('errors').on('input', (msg: unknown) => { errors.push((msg as { error: unknown }).error) })
    const passed: Array<Record<string, unknown>> = []
    const all = new Promise<void>((resolve) => {
      nodeOf('out').on('input', (msg: unknown) => { if (passed.push(msg as Record<string, unknown>) === 4) resolve() })
    })

    for (let number = 0; number < 4; number++) nodeOf('heat').receive({ frame, inspection: inspection('reject'), anomalyMap, number })
    await all

    expect(passed.map(({ number }) => number)).toEqual([0, 1, 2, 3])
    expect(passed.filter(({ explanation }) => explanation !== undefined).map(({ number }) => number)).toEqual([0])
    await expect.poll(() => errors).toHaveLength(3)
    expect(errors[0]).toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
    await untilStatus('heat', (status) => typeof status === 'object' && status.fill === 'yellow')
  })

  test('what it adds to a message survives Node-RED\'s clone by reference', () => {
    const { util } = createRequire(import.meta.url)('@node-red/util') as { util: { cloneMessage: (msg: object) => Record<string, unknown> } }
    const explanation = { map: anomalyMap, overlay: new EncodedImage(Buffer.of(1), 'image/jpeg') }

    const clone = util.cloneMessage({ explanation })

    expect(clone.explanation).not.toBe(explanation)
    expect((clone.explanation as typeof explanation).overlay).toBe(explanation.overlay)
    expect((clone.explanation as typeof explanation).map).toBe(anomalyMap)
    expect(JSON.parse(JSON.stringify(explanation.overlay))).toEqual({ mediaType: 'image/jpeg', bytes: 1 })
  })
})
