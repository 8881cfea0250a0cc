import { expect, it } from 'vitest'
import { readChoice, readNumber, readWhole } from '../../../nodes/shared/form-values.ts'

it('reads numbers as forms and flows hold them', () => {
  expect([readNumber('x', '0.5'), readNumber('x', ' 2 '), readNumber('x', 3), readWhole('x', '1e3'), readWhole('x', '0')]).toEqual([0.5, 2, 3, 1000, 0])
  expect(readChoice('x', 'b', ['a', 'b'])).toBe('b')
})

it.each([
  [() => readNumber('the rate', ''), 'Expected the rate to be a number from 0, got nothing'],
  [() => readNumber('the rate', 'fast'), 'Expected the rate to be a number from 0, got "fast"'],
  [() => readNumber('the rate', 'Infinity'), 'Expected the rate to be a number from 0, got "Infinity"'],
  [() => readWhole('the port', '1.5', { most: 65535 }), 'Expected the port to be a whole number from 0 to 65535, got "1.5"'],
  [() => readWhole('the port', 65536, { most: 65535 }), 'Expected the port to be a whole number from 0 to 65535, got 65536'],
  [() => readWhole('the batch', '0', { least: 1 }), 'Expected the batch to be a whole number from 1, got "0"'],
  [() => readChoice('the policy', '', ['newest', 'every']), 'Expected the policy to be one of newest, every, got nothing']
])('refuses what is none: %s', (read, message) => {
  expect(read).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', message }))
})

it('a flow of an older version may lack a field', () => {
  expect(() => readWhole('the batch', undefined as unknown as string)).toThrow('got nothing')
})
