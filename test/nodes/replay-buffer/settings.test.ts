import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mostContradicted } from '../../../engine/continual/detector-update/update-detector.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { apart, together } from '../../../engine/read-all.ts'
import { modelNotConfigured } from '../../../nodes/model/settings.ts'
import type { LineDrift } from '../../../schemas/learning.ts'
import { readCommand, readLabel, readRelabel, readReplayForm, replayStatus, type ReplayForm } from '../../../nodes/replay-buffer/settings.ts'

const form: ReplayForm = { product: '', policy: 'snnl-preserving', memory: '200', bytes: '500', mode: 'extend', updateAfter: '50', interval: '', driftRate: '1000', seed: '0' }
const place = { id: 'n1', userFolder: '/user', model: { bundlePath: '/user/b.onnx', rates: { reviewRate: 0.05, rejectRate: 0.005 }, formError: undefined } }

describe('the form of a replay buffer', () => {
  it('becomes options', () => {
    expect(readReplayForm(form, place)).toMatchObject({
      request: { bundle: '/user/b.onnx', folder: '/user/goodparts/replay/n1', policy: 'snnl-preserving', memory: { items: 200, bytes: 500 * 2 ** 20 }, mode: 'extend', reviewRate: 0.05, rejectRate: 0.005, seed: 0 },
      updateAfter: 50,
      learnFromLineEveryMs: null,
      driftRate: 0.001
    })
    expect(readReplayForm({ ...form, interval: '30', policy: '' }, place)).toMatchObject({ learnFromLineEveryMs: 30_000, request: { policy: 'snnl-preserving' } })
  })

  it.each([[{ memory: '3' }, /memory.*20/], [{ policy: 'best' }, /policy.*got best/], [{ mode: 'all' }, /extend, recalibrate/], [{ driftRate: '1' }, /drift alarm/], [{ interval: 'x' }, /interval/]])('refuses %j', (change, message) => {
    expect(() => readReplayForm({ ...form, ...change }, place)).toThrow(message)
  })

  it('asks for a model', () => {
    expect(() => readReplayForm(form, { ...place, model: null })).toThrow(/a model to be chosen/)
  })

  it('says what is wrong with the model node that is chosen', () => {
    const formError = new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the review rate to be above 0 and below 100 %, got 200')
    expect(() => readReplayForm(form, { ...place, model: { bundlePath: undefined, rates: undefined, formError } })).toThrow('The chosen model node is not configured: Expected the review rate to be above 0 and below 100 %, got 200')
  })

  it('says all that is wrong with it, each for itself where that is asked', () => {
    const wrong = ['the device', 'the workers'].map((name) => new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be another`)) as [GoodpartsError, GoodpartsError]
    const error = modelNotConfigured(together(...wrong))

    expect(error).toMatchObject({ message: 'The chosen model node is not configured: Expected the device to be another; Expected the workers to be another', fix: 'Mend the form of the model node.' })
    expect(apart(error).map(({ message }) => message)).toEqual(['The chosen model node is not configured: Expected the device to be another', 'Expected the workers to be another'])
  })
})

describe('its messages', () => {
  it('are labels', () => {
    expect(readLabel({ label: ' scratch ', partId: 'p1' }, 'plate')).toEqual({ product: 'plate', label: 'scratch', partId: 'p1', by: 'person' })
    expect(readLabel({ label: 'good', product: 'rod', by: 'line' }, 'plate')).toEqual({ product: 'rod', label: 'good', partId: null, by: 'line' })
    expect(readLabel({}, 'plate')).toBeNull()
    expect(() => readLabel({ label: 'a/b' }, 'plate')).toThrow(/without "\/"/)
    expect(() => readLabel({ label: 'a'.repeat(61) }, 'plate')).toThrow(/type of a defect/)
    expect(readLabel({ label: '찍힘'.repeat(30) }, 'plate')?.label).toHaveLength(60)
    expect(readLabel({ label: 'remove' }, 'plate')?.label).toBe('remove')
    expect(() => readLabel({ label: 7 }, 'plate')).toThrow(/msg.label/)
  })

  it('are commands', () => {
    expect(readCommand({ buffer: 'rollback' })).toBe('rollback')
    expect(() => readCommand({ buffer: 'stop' })).toThrow(/update, cancel, rollback, reset-drift, relabel, withdraw, got stop/)
    expect(readRelabel({ payload: { sha256: 'abc', label: 'remove' } }, 'plate')).toEqual({ sha256: 'abc', label: 'remove', product: 'plate' })
    expect(() => readRelabel({ payload: 'abc' }, 'plate')).toThrow(/msg.payload.sha256/)
  })
})

describe('its status', () => {
  const last = { accepted: true, bundle: '0123456789abcdef', memory: { items: 40, bytes: 1, classes: { 'a/good': 20, 'a/scratch': 20 } } } as never
  const drift: LineDrift = { signals: ['embedding', 'scores'], advice: 'update-or-fit' }
  it.each([
    [{ waiting: 3, updating: false, drift: null, last: null }, 'stopped', 'collecting'],
    [{ waiting: 3, updating: true, drift, last }, 'busy', 'updating'],
    [{ waiting: 3, updating: false, drift, last }, 'degraded', 'drift'],
    [{ waiting: 3, updating: false, drift: null, last }, 'running', 'accepted']
  ])('of %j', (state, kind, text) => {
    expect(replayStatus(state, (key) => key)).toMatchObject({ kind, text, values: { waiting: 3 } })
  })

  it('names what has changed, and what to do', () => {
    expect(replayStatus({ waiting: 3, updating: false, drift, last }, (key) => `<${key}>`).values).toMatchObject({ signals: '<signal.embedding>, <signal.scores>', advice: '<advice.update-or-fit>' })
  })
})

it.each(['en-US', 'ko'])('the help (%s) says at what share of contradicted labels a lot is refused', (language) => {
  const help = readFileSync(join(import.meta.dirname, '../../../nodes/replay-buffer/locales', language, 'goodparts-replay-buffer.html'), 'utf8')
  expect(help.match(/(\d+) %/g)).toEqual([`${100 * mostContradicted} %`])
})
