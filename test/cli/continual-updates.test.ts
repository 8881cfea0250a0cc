import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { validate } from '../../engine/schema-validation.ts'
import type { ContinualUpdatesReport } from '../../schemas/continual-updates.ts'
import { writeTexturedPlates } from '../evaluation/textured-plates.ts'
import { runGoodparts } from './run-goodparts.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

let folder: string
let products: string[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-updates-test-'))
  products = ['first', 'second'].map((name) => join(folder, name))
  for (const [index, product] of products.entries()) await writeTexturedPlates(product, { train: 60, good: 6, defective: 8, edge: 64, seed: index + 1 })
})
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('goodparts continual --detector', () => {
  let report: ContinualUpdatesReport
  let stdout: string
  let page: string

  beforeAll(async () => {
    const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')]
    const result = await runGoodparts(['continual', ...products, '--detector', 'patch-memory', '--mode', 'recalibrate,extend', '--labels', '30', '--defects', '4', '--size', '64', '--bank', '60', '--set', 'components=16', '--memory', '40', '--json', json, '--report', html])
    expect(result.stderr).not.toMatch(/^Fix:/m)
    expect(result).toMatchObject({ code: 0 })
    report = validate('continual-updates', JSON.parse(readFileSync(json, 'utf8')))
    stdout = result.stdout
    page = readFileSync(html, 'utf8')
  })

  it('takes each product as a task, calibrates on the first and updates with the second', () => {
    expect(report.tasks.map(({ name, defects, testGood, testDefects }) => [name, defects, testGood, testDefects])).toEqual([['first', 4, 6, 4], ['second', 4, 6, 4]])
    expect(report.runs.map(({ mode, seed, steps }) => [mode, seed, steps.map((step) => step.mode)])).toEqual([['recalibrate', 0, ['recalibrate', 'recalibrate']], ['extend', 0, ['recalibrate', 'extend']]])
    expect(report.runs[1]!.steps[1]).toMatchObject({ good: 30, defects: 4 })
  })

  it('says of each step whether it was accepted, and what that was worth', () => {
    for (const { steps } of report.runs) {
      for (const { accepted, reasons, before, after, offline, seconds } of steps) {
        expect(accepted).toBe(reasons.length === 0)
        if (!accepted) expect(after).toEqual(before)
        expect(seconds).toBeGreaterThan(0)
        expect(offline.auroc).toBeGreaterThan(0.5)
      }
      expect(steps[0]!.offline.auroc).toBe(steps[0]!.before.auroc)
      expect(steps[0]!.after.oldAuroc).toBeNull()
    }
    const [calibrated, extended] = report.runs.map(({ steps }) => steps[1]!)
    expect(calibrated!.after.auroc).toBe(calibrated!.before.auroc)
    expect(extended).toMatchObject({ accepted: true })
    expect(extended!.learned).toBeGreaterThan(10)
    expect(extended!.before).toEqual(calibrated!.before)
  })

  it('says how large memory and bank are: the bank stays as it is', () => {
    const steps = report.runs.flatMap((run) => run.steps)
    expect(new Set(steps.map(({ bankBytes }) => bankBytes)).size).toBe(1)
    // Sixty entries of numbers of four bytes.
    expect(steps[0]!.bankBytes! % (60 * 4)).toBe(0)
    const { memoryBytes, bankBytes } = report.runs[1]!.steps[1]!
    expect(memoryBytes).toBeGreaterThan(report.runs[1]!.steps[0]!.memoryBytes)
    for (const name of ['memory MB', 'bank MB']) expect(page).toContain(`>${name}</th>`)
    expect(stdout).toMatch(new RegExp(`^second\\s+accepted\\s+[\\d.]+\\s+${(memoryBytes / 1e6).toFixed(2)}\\s+${(bankBytes! / 1e6).toFixed(2)}\\s`, 'm'))
  })

  it('prints and draws the same figures', () => {
    const { after } = report.runs[1]!.steps[1]!
    expect(stdout).toMatch(/^Mode extend/m)
    expect(stdout).toMatch(new RegExp(`^second\\s+accepted .*${after.auroc!.toFixed(3)}`, 'm'))
    expect(page).toContain('<h2>Mode recalibrate</h2>')
    expect(page).toContain(after.auroc!.toFixed(3))
  })
})

describe.each([
  [['--detector', 'patch-memory', '--noise', '0.1'], /got --noise, which is of classifiers/],
  [['--largest-drop', '0.5'], /got --largest-drop, which is of a detector's updates/],
  [['--labels', '30'], /got --labels, which is of a detector's updates/],
  [['--detector', 'patch-memory', '--mode', 'guess'], /of extend, recalibrate, adapt, got guess/],
  [['--detector', 'density'], /whose bank alone can be extended, got density/],
  [['--detector', 'best'], /detector to be one of patch-memory.*got best/],
  [['--detector', 'patch-memory', '--memory', '50,100'], /one value of --memory with --detector, got 2/],
  [['--detector', 'patch-memory', '--protocol', 'lighting'], /exposure such as _e1_/]
])('goodparts continual %j', (options, message) => {
  it('is refused before anything is fitted, with a way out', async () => {
    const { code, stderr } = await runGoodparts(['continual', ...products, ...options])
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^Fix: /m)
  })
})

it('refuses a report that cannot be written before anything is fitted', async () => {
  const { code, stdout, stderr } = await runGoodparts(['continual', ...products, '--detector', 'patch-memory', '--report', folder])
  expect(code).toBe(1)
  expect(stderr).toMatch(/to be a file, got a folder.*GOODPARTS_STORE_FAILED/)
  expect(stderr).not.toMatch(/fit on first/)
  expect(stdout).toBe('')
})
