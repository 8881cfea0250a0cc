/** What forms say of a value that is wrong. */
import { expect, test } from 'vitest'
import { multipleOf, numberFrom, orNothing, wholeFrom, type Expectation } from '../../../nodes/shared/editor/reasons.ts'
import { editorDefinitions } from '../../flows/editor-definitions.ts'
import { editorTexts } from '../../flows/editor-texts.ts'

const definitions = editorDefinitions()

test.each(['fit', 'heatmap', 'image-in', 'image-out', 'replay-buffer', 'score'])('%s gives a reason for each field that it checks, in both languages, and takes its own defaults and values of the environment', (node) => {
  const fields = Object.entries(definitions.get(`goodparts-${node}`)!.defaults).filter(([, { validate }]) => validate !== undefined)
  expect(fields.length).toBeGreaterThan(0)
  for (const [name, { value: usual, validate }] of fields) {
    const check = (value: unknown, language: 'en-US' | 'ko' = 'en-US'): unknown => validate!.call({ _: editorTexts(node, language) }, value, {})
    expect(validate, name).toHaveLength(2)
    expect(check('?'), name).toMatch(/^[A-Z].*: expected .*$/)
    expect(check('?', 'ko'), name).toMatch(/합니다$/)
    expect([check(usual), check(['$', '{SITE_VALUE}'].join(''))], name).toEqual([true, true])
  }
})

test.each<[Expectation, string[], string[]]>([
  [numberFrom(0, 1), ['0', '0.5', '1'], ['', '-0.1', '1.1', 'x', 'NaN']],
  [numberFrom(2), ['2', '1e6'], ['1.9', 'Infinity', '']],
  [wholeFrom(1, 9), ['1', '9'], ['1.5', '0', '10', '']],
  [multipleOf(8, 32, 64), ['32', '40', '64'], ['36', '24', '72', '']],
  [orNothing(wholeFrom(1)), ['', '1'], ['0', 'x']]
])('%j', ({ holds }, right, wrong) => {
  expect([right.filter((value) => !holds(value)), wrong.filter(holds)]).toEqual([[], []])
})
