/** The examples of docs/messages.md are what they say. */
import { expect, test } from 'vitest'
import { validate } from '../../engine/schema-validation.ts'
import { documents } from './documents.ts'

const page = documents().find(({ path }) => path === 'docs/messages.md')?.text ?? ''
const examples = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text = '']) => JSON.parse(text) as { schema: string })

test('every example is valid', () => {
  expect(examples.map(({ schema }) => schema)).toEqual(['goodparts.inspection/1', 'goodparts.capture-event/1'])
  const [inspection, event] = examples
  expect(validate('inspection', inspection)).toBe(inspection)
  expect(validate('capture-event', event)).toBe(event)
})

test('every field of the record is explained', () => {
  const explained = new Set([...page.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([a-zA-Z]+)/g)].map(([, name = '']) => name)))
  expect(Object.keys(examples[0] ?? {}).filter((field) => !explained.has(field))).toEqual([])
})
