/** `docs/commands.md` says what the commands say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandDocs } from '../../scripts/generate-command-docs.ts'
import { root } from './documents.ts'

const file = join(root, 'docs', 'commands.md')

test('it is as `npm run commands` makes it', async () => {
  expect(readFileSync(file, 'utf8')).toBe(await commandDocs())
})

test('defaults read as a person types them, and what is required is marked', () => {
  // Lines are broken where a terminal ends.
  const text = readFileSync(file, 'utf8').replace(/\s+/g, ' ')
  const defaults = [...text.matchAll(/\(default: ([^)]*)\)/g)].map(([, value]) => value ?? '')
  expect(defaults.length).toBeGreaterThan(20)
  expect(defaults.filter((value) => /["'[\]{}]|^false$|^$/.test(value))).toEqual([])
  expect(text).toContain('-o, --output <file> the bundle to write (required)')
})
