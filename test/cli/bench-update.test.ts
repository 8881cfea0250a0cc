import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { UpdateMeasurement } from '../../cli/commands/bench/update-measurement.ts'
import { runGoodparts } from './run-goodparts.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-bench-update-test-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('goodparts bench update', { timeout: 240_000 }, () => {
  it('goes from labels to the exchanged bundle while every frame of the line is judged, and leaves nothing behind', async () => {
    const json = join(folder, 'update.json')

    const small = ['--width', '96', '--height', '72', '--size', '64', '--bank', '100', '--labels', '30', '--seconds', '1', '--deadline', '60000', '--device', 'cpu']
    const { code, stdout, stderr } = await runGoodparts(['bench', 'update', ...small, '--json', json], { env: { TMPDIR: folder } })

    for (const stage of ['label', 'update', 'gate', 'swap', 'all']) expect(stdout, stderr).toMatch(new RegExp(`^${stage} +[\\d.]+$`, 'm'))
    const { stages, totalSeconds, limitSeconds, outcome, frames, verdicts, lost, latency } = JSON.parse(readFileSync(json, 'utf8')) as UpdateMeasurement & { limitSeconds: number }
    expect(outcome).toMatchObject({ accepted: true, reasons: [] })
    expect(outcome.learned + outcome.checked + outcome.heldBack).toBe(30)
    expect(outcome.bundle).not.toBe(outcome.parent)
    expect(lost).toBe(0)
    expect(verdicts.good + verdicts.review + verdicts.reject).toBe(frames)
    expect(latency.before.verdicts).toBeGreaterThan(0)
    expect(latency.during.verdicts).toBeGreaterThan(0)
    expect(stages.label + stages.update + stages.gate + stages.swap).toBeLessThanOrEqual(totalSeconds)
    // How busy this machine is decides the seconds; the exit status follows them.
    expect(code).toBe(totalSeconds < limitSeconds ? 0 : 1)
    expect(readdirSync(folder)).toEqual(['update.json'])
  })

  it('asks for the pictures of a given bundle', async () => {
    const { code, stderr } = await runGoodparts(['bench', 'update', join(folder, 'line.onnx')])
    expect([code, stderr]).toEqual([1, expect.stringContaining('--images')])
  })
})
