import { expect, test } from 'vitest'
import { AnomalyMap } from '../../../engine/frame/anomaly-map.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { withMap, withMethods } from '../../../nodes/heatmap/part-explanations.ts'
import { readLiveMessage } from '../../../nodes/live/live-message.ts'
import { inspection } from '../../publish/fixtures.ts'

const frame = Frame.fromPixels(new Uint8Array(16), { source: 'test', sequence: 0, width: 4, height: 4, channels: 1 })
const map = new AnomalyMap(Float32Array.of(0, 1, 0, 0), 2, 2)
const record = inspection(0)
const found = { jpeg: new Uint8Array([1]), sha256: 'a'.repeat(64), mapSha256: 'b'.repeat(64), regions: [], milliseconds: 3 }

test('the first output of a heatmap node is a verdict', () => {
  const message = withMap({ _msgid: '', frame, inspection: record, anomalyMap: map }, record, map, found, {})

  expect(readLiveMessage(message, '')).toMatchObject({ kind: 'publication', publication: { line: record.line, map } })
})

test('the second output explains a verdict and is none', () => {
  const quantised = { height: 1, width: 1, minimum: 0, maximum: 1, cells: Uint8Array.of(255) }
  const faithfulness = { insertion: 0.9, deletion: 0.2, drop: 0, increase: 0 as const }
  const explanations = [{ ...found, method: 'sise' as const, map: { values: map.values(), height: 2, width: 2 }, quantised, mapSha256: 'b'.repeat(64), faithfulness, forwards: { done: 1, planned: 1 }, skipped: null }]
  const message = withMethods({ _msgid: '', frame, inspection: record }, record, { explanations, without: [], evidence: { name: 'good.png', jpeg: new Uint8Array([7]), sha256: 'c'.repeat(64) } })

  const read = readLiveMessage(message, '')
  expect(read.kind === 'explanations' && read.explanations.methods.map((each) => each.map.quantised())).toEqual([quantised])
  expect(read).toMatchObject({
    kind: 'explanations',
    explanations: { line: record.line, eventId: record.eventId, methods: [{ method: 'sise', insertion: 0.9, deletion: 0.2, skipped: null, milliseconds: 3 }], evidence: { name: 'good.png', jpeg: Buffer.from([7]) } }
  })
})

test('methods that found nothing say so, beside the good part', () => {
  const message = withMethods({ _msgid: '' }, record, { explanations: [], without: [{ method: 'sise', reason: 'none' }], evidence: null })

  expect(message.payload).toBeNull()
  expect(readLiveMessage({ ...message, inspection: record }, 'Line A')).toMatchObject({ kind: 'explanations', explanations: { line: 'Line A', methods: [], without: [{ method: 'sise', reason: 'none' }], evidence: null } })
})

test('the progress of a fit says how far the whole of it is, where that is known', () => {
  const progress = { kind: 'fit-progress', stage: 'coreset', done: 3, total: 9, text: 'coreset 3/9' }

  const read = (payload: object): unknown => readLiveMessage({ payload }, 'a')
  expect(read({ ...progress, share: 0.43 })).toEqual({ kind: 'notice', line: 'a', notice: { ...progress, share: 0.43 } })
  expect(read({ ...progress, share: 'much' })).toEqual({ kind: 'notice', line: 'a', notice: progress })
})

test('what becomes of the other methods is known also of a verdict that went on without a heatmap', () => {
  const read = (more: object): unknown => (readLiveMessage({ frame, inspection: record, ...more }, '') as { publication: object }).publication

  for (const explaining of ['explaining', 'queue-full']) expect(read({ explaining })).toMatchObject({ explaining })
  expect(read({ explaining: 'much' })).not.toHaveProperty('explaining')
})

test('a fit that ended is said to have failed only where the message says so', () => {
  const read = (payload: object): unknown => readLiveMessage({ payload: { kind: 'fit-ended', ...payload }, topic: 'learn' }, '')

  const failure = { outcome: 'failed', text: 'Expected 20 pictures, got 3', code: 'GOODPARTS_TOO_FEW_IMAGES', fix: 'Collect more' }
  expect(read(failure)).toEqual({ kind: 'notice', line: 'learn', notice: { kind: 'fit-ended', ...failure } })
  expect(read({ outcome: 7, code: 7 })).toEqual({ kind: 'notice', line: 'learn', notice: { kind: 'fit-ended', outcome: 'cancelled', text: '', code: null, fix: null } })
})

test('a verdict brings what its limits can promise, where it is known', () => {
  const weakPromise = { asked: 0.05, promised: 1 / 13, atMost: 0.22, heldOut: 12, needed: 19 }
  const read = (given: unknown): unknown => (readLiveMessage({ frame, inspection: record, weakPromise: given }, '') as { publication: object }).publication

  expect(read(weakPromise)).toMatchObject({ weakPromise })
  expect(read(null)).toMatchObject({ weakPromise: null })
  for (const given of [undefined, 'much', {}]) expect(read(given)).not.toHaveProperty('weakPromise')
})

test('a label belongs to the part that it names, on the line of the node, and not to one of another line', () => {
  const label = { eventId: 'a-7', label: 'scratch', wordId: 'labels/0/3' }

  expect(readLiveMessage({ ...label, line: 'a' }, 'a')).toEqual({ kind: 'word', line: 'a', ...label })
  expect(readLiveMessage({ ...label, line: 'b' }, '')).toEqual({ kind: 'word', line: 'b', ...label })
  expect(() => readLiveMessage({ ...label, line: 'b' }, 'a')).toThrow('Expected a label for the line a, got one for b')
})
