import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-drift-test-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const plates = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')

it('goodparts bench drift says when another look of parts would be told, and how often the same look', async () => {
  const json = join(folder, 'drift.json')
  const { code, stdout, stderr } = await runGoodparts(['bench', 'drift', join(plates, 'good'), join(plates, 'defect'), '--seeds', '2', '--steady', '128', '--changed', '32', '--json', json])
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(/128 parts \(of 120 pictures\) before the change: 0 false alarms in 2 lines; promised is at most one in 1000\.\n32 parts \(of 60 pictures\) after it: told in \d of 2 lines/)
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ bench: 'drift', pictures: { before: 120, after: 60 }, rows: [{ seed: 0, isFalse: false }, { seed: 1, isFalse: false }] })
}, 120_000)

it('asks for enough pictures', async () => {
  const { code, stderr } = await runGoodparts(['bench', 'drift', join(plates, 'good'), '--only', '00'])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/at least 32 pictures with 00 in their name[^]*Fix: /)
}, 60_000)
