/** Forms with several wrong fields say so of all of them at once. */
import { expect, it } from 'vitest'
import { loadPipelines } from '../../../engine/capture/pipelines.ts'
import { readCaptureForm } from '../../../nodes/capture/settings.ts'
import { readFitForm } from '../../../nodes/fit/settings.ts'
import { readModelForm } from '../../../nodes/model/settings.ts'
import { readScoreForm } from '../../../nodes/score/settings.ts'

const capture = {
  name: '', source: '', pipeline: 'generated-line', parameters: { width: 7, rate: 'fast' }, width: 'x', height: '-1', channels: '3', maximumRate: '', cropLeft: '?', cropTop: '', cropRight: '', cropBottom: '', policy: 'auto', triggered: false, watchdog: 'never', endOfStream: 'auto', autostart: true
}
const fit = { bundle: '../../out', detector: 'patch-memory', count: '3', interval: '-1', begin: 'manual', scale: 'auto', size: '7', rate: 'x', tiles: '99', overlap: 'much', regions: '[1]', seed: '-1' }

it.each([
  ['score', () => readScoreForm({ line: '', product: '', deadline: '-1', policy: 'some', capacity: '0', batch: 'x' }, 'id'), ['the deadline', 'the policy', 'the capacity', 'the batch']],
  ['model', () => readModelForm({ bundle: '', device: 'abacus', workers: '0', reviewRate: '0', rejectRate: 'x' }, '/user'), ['a bundle file', 'the device', 'workers', 'the review rate', 'the reject rate']],
  ['model, rates that are each possible', () => readModelForm({ bundle: 'a', device: 'abacus', workers: 'auto', reviewRate: '1', rejectRate: '2' }, '/user'), ['the device', 'the reject rate to be at most the review rate']],
  ['fit', () => readFitForm(fit, 'id', '/user', undefined), ['the bundle to lie under', 'tiles', 'overlap', 'regions', 'size', 'targetImagesPerSecond', 'the seed', 'the number of frames', 'the interval']],
  ['fit, of no family that there is', () => readFitForm({ ...fit, detector: 'magic' }, 'id', '/user', undefined), ['the bundle to lie under', 'the detector', 'the seed', 'the number of frames', 'the interval']],
  ['capture', () => readCaptureForm(capture, {}, loadPipelines(), []), ['the width', 'the height', 'crop left', 'parameter width', 'parameter rate', 'the watchdog time']]
] as const)('%s', (_name, read, fields) => {
  let message = ''
  try { read() } catch (error) { message = (error as Error).message }
  for (const field of fields) expect(message).toContain(`Expected ${field}`)
  expect(message.split('; ')).toHaveLength(fields.length)
})
