/** Forms with several wrong fields say so of all of them at once. */
import { describe, expect, it } from 'vitest'
import { loadPipelines } from '../../../engine/capture/pipelines.ts'
import { readCaptureForm, readCommand } from '../../../nodes/capture/settings.ts'
import { readFitForm } from '../../../nodes/fit/settings.ts'
import { readHeatmapForm } from '../../../nodes/heatmap/settings.ts'
import { readBrokerForm } from '../../../nodes/kafka-broker/settings.ts'
import { readKafkaOutForm } from '../../../nodes/kafka-out/settings.ts'
import { readModelForm } from '../../../nodes/model/settings.ts'
import { readLabel, readLineNames, readRelabel, readReplayForm } from '../../../nodes/replay-buffer/settings.ts'
import { partOf } from '../../../nodes/score/judged-message.ts'
import { readScoreForm } from '../../../nodes/score/settings.ts'

const capture = {
  name: '', source: '', pipeline: 'generated-line', parameters: { width: 7, rate: 'fast' }, width: 'x', height: '-1', channels: '3', maximumRate: '', cropLeft: '?', cropTop: '', cropRight: '', cropBottom: '', policy: 'auto', triggered: false, watchdog: 'never', endOfStream: 'auto', autostart: true
}
const fit = { bundle: '../../out', detector: 'patch-memory', count: '3', interval: '-1', begin: 'manual', scale: 'auto', size: '7', rate: 'x', tiles: '99', overlap: 'much', regions: '[1]', seed: '-1' }

const score = { line: 'l', product: '', deadline: '0', policy: 'every', capacity: '8', batch: '1' }
const fitting = { bundle: '', detector: 'patch-memory', count: '60', interval: '', begin: 'manual', scale: 'auto', size: '', rate: '', tiles: '', overlap: '', regions: '', seed: '0' }
const seen = { ...capture, parameters: {}, width: '', height: '', cropLeft: '', watchdog: '5' }
const readSeen = (changes: object): object => readCaptureForm({ ...seen, ...changes }, {}, loadPipelines(), [])
const replay = { product: '', policy: '', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1' }
const place = { id: 'n1', userFolder: '/user', model: { bundlePath: '/m.onnx', rates: { reviewRate: 0.1, rejectRate: 0.02 }, formError: undefined } }
const chosen = { bundlePath: '/m.onnx', formError: undefined }
/** As a flow file has it that was written by hand, or for an older version. */
const without = <Form extends object>(form: Form, ...names: string[]): Form => Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name))) as Form

describe('flow files that were written by hand', () => {
  it('may lack what has a default, and may have numbers for texts', () => {
    expect(readScoreForm({ ...without(score, 'line', 'product', 'deadline'), capacity: 8 as never, batch: 1 as never }, 'id')).toMatchObject({ line: 'id', product: null, deadlineMs: Infinity, capacity: 8, batch: 1 })
    expect(readScoreForm({ ...score, line: 5 as never }, 'id').line).toBe('5')
    expect(readModelForm({ bundle: 7 as never, device: 'cpu', workers: 1 as never, reviewRate: 5 as never, rejectRate: 1 as never }, '/user')).toMatchObject({ path: '/user/goodparts/bundles/7.onnx', slot: { workers: 1, reviewRate: 0.05 } })
    const box = [{ box: [0, 0, 0.5, 1] }]
    expect(readFitForm({ ...without(fitting, 'interval', 'begin', 'tiles', 'overlap', 'rate', 'bundle'), size: 256 as never, regions: box as never }, 'id', '/user', chosen).request).toMatchObject({ output: '/m.onnx', options: { size: 256, regions: box } })
    expect(readKafkaOutForm({ sink: 'file', maximumRecords: 10, maximumSize: 2 }, 'n1', '/user')).toMatchObject({ topic: '', key: '', value: 'inspection', path: '/user/goodparts/inspections.ndjson', spool: { path: '/user/goodparts/spool/n1.sqlite' } })
    expect(readBrokerForm({ brokers: 'a:9092' }, {})).toEqual({ brokers: ['a:9092'], clientId: 'goodparts' })
    expect(readHeatmapForm({ explainGood: false, explainReview: true, explainReject: true, opacity: 0.5 as never, quality: 85 as never, capacity: 8 as never, budget: 200 as never, zones: [{ name: 'rim', box: [0, 0, 1, 1] }] as never })).toMatchObject({ methods: [], budget: 200, zones: [{ name: 'rim' }] })
    expect(readReplayForm({ ...without(replay, 'product', 'policy', 'interval'), memory: 60 as never }, place)).toMatchObject({ request: { memory: { items: 60 } }, learnFromLineEveryMs: null })
    expect(readSeen({ parameters: null, width: 64, height: 48, endOfStream: undefined })).toMatchObject({ watchdogSeconds: 5 })
  })

  it.each([
    ['a line', () => readScoreForm({ ...score, line: {} as never }, 'id'), 'Expected the line to be a text, got {}'],
    ['a capacity', () => readScoreForm({ ...score, capacity: [1, 2] as never }, 'id'), 'Expected the capacity to be a whole number from 1, got [ 1, 2 ]'],
    ['a bundle', () => readModelForm({ bundle: null as never, device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '1' }, '/user'), 'Expected a bundle file to be named, got nothing'],
    ['when to begin', () => readFitForm({ ...fitting, begin: 'whenever' }, 'id', '/user', chosen), 'Expected when to begin to be one of no-bundle, always, manual, got "whenever"'],
    ['no model and no bundle', () => readFitForm(fitting, 'id', '/user', null), 'Expected a model node to be chosen, or a bundle file to be named, got neither'],
    ['parameters', () => readSeen({ parameters: 'x' }), 'Expected the parameters to be an object, got "x"'],
    ['choices of a capture node', () => readSeen({ policy: 'some', endOfStream: 'never', channels: '7' }), 'Expected the policy to be auto or one of newest, every, got "some"; Expected the channels to be auto or one of 1, 3, got "7"; Expected the end of the stream to be auto or one of stop, loop, hold, got "never"']
  ])('say so where %s cannot be that', (_what, read, message) => {
    expect(read).toThrow(expect.objectContaining({ message }) as Error)
  })
})

const slashRefused = (where: string): Error => expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', message: expect.stringContaining(where) as string, fix: expect.stringContaining('slash') as string }) as Error

it.each([
  ['the form of a score node', () => readScoreForm({ ...score, product: 'A/B' }, 'id'), 'the product'],
  ['a message to a score node', () => partOf({ product: 'A/B' } as never), 'msg.product'],
  ['the form of a replay buffer', () => readLineNames({ product: 'A/B' }), 'the product'],
  ['a label', () => readLabel({ label: 'good', product: 'A/B' }, 'plate'), 'msg.product'],
  ['a label of a part that was judged elsewhere', () => readLabel({ label: 'good' }, 'A/B'), 'msg.product'],
  ['another label', () => readRelabel({ payload: { sha256: 'a', label: 'good', product: 'A/B' } }, 'plate'), 'msg.payload.product']
])('a product with a slash is refused in %s', (_what, read, where) => {
  expect(read).toThrow(slashRefused(where))
})

it('a product without a slash is taken as it is, without space around it', () => {
  expect(partOf({ product: ' A-B ', partId: 'p' } as never)).toEqual({ product: 'A-B', partId: 'p' })
  expect(partOf({ product: ' ' } as never).product).toBeNull()
  expect(readScoreForm({ ...score, product: 'A-B' }, 'id').product).toBe('A-B')
})

it('a message that is no command is shown in few words, whatever it holds', () => {
  const circular: Record<string, unknown> = { picture: Buffer.alloc(100_000) }
  circular.self = circular
  for (const payload of [circular, 10n, Symbol('x'), undefined, null, 'x'.repeat(100_000)]) {
    let message = ''
    try { readCommand(payload) } catch (error) { message = (error as Error).message }
    expect(message).toMatch(/^Expected msg.payload to be start, stop/)
    expect(message.length).toBeLessThan(500)
  }
})

it.each([
  ['score', () => readScoreForm({ line: '', product: '', deadline: '-1', policy: 'some', capacity: '0', batch: 'x' }, 'id'), ['the deadline', 'the policy', 'the capacity', 'the batch']],
  ['model', () => readModelForm({ bundle: '', device: 'abacus', workers: '0', reviewRate: '0', rejectRate: 'x' }, '/user'), ['a bundle file', 'the device', 'workers', 'the review rate', 'the reject rate']],
  ['model, rates that are each possible', () => readModelForm({ bundle: 'a', device: 'abacus', workers: 'auto', reviewRate: '1', rejectRate: '2' }, '/user'), ['the device', 'the reject rate to be at most the review rate']],
  ['fit', () => readFitForm(fit, 'id', '/user', null), ['the bundle to lie under', 'tiles', 'overlap', 'regions', 'size', 'targetImagesPerSecond', 'the seed', 'the number of frames', 'the interval']],
  ['fit, of no family that there is', () => readFitForm({ ...fit, detector: 'magic' }, 'id', '/user', null), ['the bundle to lie under', 'the detector', 'the seed', 'the number of frames', 'the interval']],
  ['kafka out', () => readKafkaOutForm({ key: {} as never, path: [] as never }, 'n1', '/user'), ['the sink', 'topic', 'the key', 'the path', 'the spool’s limit of records', 'the spool’s size']],
  ['Kafka broker', () => readBrokerForm({ clientId: {} as never, mechanism: 'gssapi' }, {}), ['brokers', 'the client id', 'mechanism']],
  ['heatmap', () => readHeatmapForm({ explainGood: true, explainReview: true, explainReject: true, methods: {} as never, zones: 'x', budget: [] as never } as never), ['the opacity', 'the quality', 'the capacity', 'the methods', 'the time', 'the zones']],
  ['replay buffer', () => readReplayForm({} as never, place), ['the megabytes', 'the memory', 'the kind of update', 'the seed', 'the number of labels', 'the drift alarm']],
  ['capture', () => readCaptureForm(capture, {}, loadPipelines(), []), ['the width', 'the height', 'crop left', 'parameter width', 'parameter rate', 'the watchdog time']]
] as const)('%s', (_name, read, fields) => {
  let message = ''
  try { read() } catch (error) { message = (error as Error).message }
  for (const field of fields) expect(message).toContain(`Expected ${field}`)
  expect(message.split('; ')).toHaveLength(fields.length)
})
