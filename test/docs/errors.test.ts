/** docs/errors.md and engine/errors.ts say the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorTable } from '../../engine/errors.ts'

const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8')

const rows = document.split('\n')
  .filter((line) => line.startsWith('| `GOODPARTS_'))
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
  .map(([code = '', retried = '', meaning = '', remedy = '', ...rest]) => ({ code: code.replaceAll('`', ''), retried, meaning, remedy, rest }))

test('explains each code once, in the order of the table', () => {
  expect(rows.map(({ code }) => code)).toEqual(Object.keys(errorTable))
})

test('says of each code whether it is retried', () => {
  expect(Object.fromEntries(rows.map(({ code, retried }) => [code, retried])))
    .toEqual(Object.fromEntries(Object.entries(errorTable).map(([code, { retriable }]) => [code, retriable ? 'yes' : 'no'])))
})

test('says of each code what it means and what to do', () => {
  for (const row of rows) {
    expect(row.meaning, row.code).toMatch(/^[A-Z].+\.$/)
    expect(row.remedy, row.code).toMatch(/^[A-Z].+\.$/)
    expect(row.rest, row.code).toEqual([])
  }
})
