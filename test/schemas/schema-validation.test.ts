import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { validate } from '../../engine/schema-validation.ts'

const record = JSON.parse(readFileSync(new URL('../../schemas/examples/inspection/valid/reject.json', import.meta.url), 'utf8')) as Record<string, unknown>
const frame = record.frame as Record<string, unknown>

const cases: Array<[string, unknown, string]> = [
  ['a missing property', { ...record, frame: { ...frame, width: undefined } }, 'Expected inspection.frame.width to be present, got nothing'],
  ['an unknown property', { ...record, colour: 1 }, 'Expected inspection to have known properties only, got "colour"'],
  ['a value outside its list', { ...record, verdict: 'bad' }, 'Expected inspection.verdict to be one of ["good","not-inspected","reject","review"], got "bad"'],
  ['a wrong type', { ...record, score: 'high' }, 'Expected inspection.score to be null or number, got "high"'],
  ['a number out of range', { ...record, pValue: 2 }, 'Expected inspection.pValue to pass "must be <= 1", got 2'],
  ['a text that is no time', { ...record, times: { captured: 'now', scored: 'now', published: null } }, 'Expected inspection.times.captured to be a date-time, got "now"'],
  ['another version', { ...record, schema: 'goodparts.inspection/9' }, 'Expected inspection.schema to be "goodparts.inspection/1", got "goodparts.inspection/9"'],
  ['a wrong property behind "or null"', { ...record, limits: { review: 'x', reject: 2 } }, 'Expected inspection.limits.review to be number, got "x"']
]

describe('validate', () => {
  it.each(cases)('says where and what for %s', (_name, value, message) => {
    expect(() => validate('inspection', value)).toThrow(message)
  })

  it('describes a value that JSON cannot hold', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(() => validate('inspection', { ...record, score: circle })).toThrow('Expected inspection.score to be null or number, got object')
  })
})
