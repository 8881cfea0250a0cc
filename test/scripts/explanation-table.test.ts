import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readDataset } from '../../engine/evaluation/dataset.ts'
import { evaluateExplanations } from '../../engine/evaluation/explanation-evaluation.ts'
import { ExplainedModel } from '../../engine/explain/model/explained-model.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import type { EvaluationReport, ExplanationFindings } from '../../schemas/evaluation.ts'
import { explanationTables } from '../../scripts/explanation-table.ts'
import { spotBundle, writeSpots } from '../explain/spot-bundle.ts'

let measured: ExplanationFindings

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-explanation-table-test-'))
  const model = ExplainedModel.open((await spotBundle()).bytes)
  try {
    await writeSpots(folder, 3)
    measured = await evaluateExplanations(await readDataset(folder), model, {
      methods: ['grad-cam', 'sise'].map(explainerByName), seed: 0, nameOf: (path) => relative(folder, path), signal: new AbortController().signal, progress: () => undefined
    })
  } finally {
    await model.close()
    rmSync(folder, { recursive: true })
  }
})

/** What the tables read of a report. */
function report (explain: ExplanationFindings, options: EvaluationReport['options'] = {}): EvaluationReport {
  return { dataset: { name: 'spots' }, detector: 'hand-built', imageAuroc: 1, scale: null, size: 64, seed: 0, options, explain } as unknown as EvaluationReport
}

/** The measured findings with these figures in place of each method's pictures: `null` = no map. */
function figures (of: Record<string, Array<readonly [ebpg: number, maskL1: number] | null>>): ExplanationFindings {
  return {
    ...measured,
    methods: measured.methods.map((method) => {
      const pictures = (of[method.method] ?? []).map((one, index) => ({
        path: `${index}.png`, group: null, map: one === null ? 'nothing' as const : 'found' as const, ebpg: one?.[0] ?? 0, maskL1: one?.[1] ?? 0.01
      }))
      return { ...method, n: pictures.length, withoutMap: pictures.filter(({ map }) => map === 'nothing').length, pictures }
    })
  }
}

function summaryOf (...reports: ExplanationFindings[]): Array<Record<string, string>> {
  const [titles = [], , ...rows] = (explanationTables(reports.map((explain) => report(explain))).split('\n\n')[0] ?? '').split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
  return rows.map((row) => Object.fromEntries(titles.map((title, index) => [title, row[index] ?? ''])))
}

describe('tables of explanations', () => {
  test('compare SISE and Grad-CAM where both have a map, not with black maps', () => {
    const [row] = summaryOf(figures({ sise: [[0.4, 0.1], [0.4, 0.1], [0.4, 0.1], [0.2, 0.1], [0.4, 0.1]], 'grad-cam': [null, null, [0.2, 0.3], [0.1, 0.3], [0.2, 0.3]] }))

    expect(row).toMatchObject({ 'no map, SISE / Grad-CAM': '0 / 2', both: '3', 'EBPG, SISE over Grad-CAM': '2.00 (2.00–2.00)', 'mask-L1, Grad-CAM over SISE': '3.00 (3.00–3.00)' })
  })

  test('bound ratios by drawing the pictures of both together', () => {
    const [row] = summaryOf(figures({ sise: [[0.1, 0.1], [0.8, 0.1], [0.2, 0.1], [0.4, 0.1]], 'grad-cam': [[0.1, 0.1], [0.2, 0.4], [0.1, 0.2], [0.3, 0.2]] }))

    const [value, low, high] = row!['EBPG, SISE over Grad-CAM']!.match(/\d+\.\d+/g)!.map(Number)
    expect(value).toBeCloseTo(1.5 / 0.7, 2)
    expect(low).toBeLessThan(value!)
    expect(high).toBeGreaterThan(value!)
    // No draw of pairs leaves the range of the pairs' own ratios.
    expect([low! >= 1, high! <= 4]).toEqual([true, true])
  })

  test('say that a ratio to nothing has no end', () => {
    const [row] = summaryOf(figures({ sise: [[0, 0.1], [0.5, 0.1], [0.5, 0.1]], 'grad-cam': [[0, 0.1], [0.1, 0.1], [0.1, 0.1]] }))
    const [nothing] = summaryOf(figures({ sise: [[0.5, 0.1]], 'grad-cam': [[0, 0.1]] }))

    expect(row!['EBPG, SISE over Grad-CAM']).toBe('5.00 (5.00–5.00)')
    expect(nothing!['EBPG, SISE over Grad-CAM']).toBe('–')
  })

  test('give no bounds of fewer than three pictures in which both have a map', () => {
    const [row] = summaryOf(figures({ sise: [[0.4, 0.1], [0.2, 0.1], [0.3, 0.1]], 'grad-cam': [null, [0.1, 0.3], [0.1, 0.2]] }))

    expect(row).toMatchObject({ both: '2', 'EBPG, SISE over Grad-CAM': '2.50', 'mask-L1, Grad-CAM over SISE': '2.50' })
  })

  test('give a ratio without bounds of files without figures of single pictures, and none where a map is missing', () => {
    const older = (withoutMap: number): ExplanationFindings => ({ ...measured, methods: measured.methods.map(({ pictures: _pictures, timeUp: _timeUp, ...method }) => ({ ...method, withoutMap: method.method === 'grad-cam' ? withoutMap : 0 })) })

    expect(summaryOf(older(0))[0]!['EBPG, SISE over Grad-CAM']).toMatch(/^\d+\.\d\d$/)
    expect(summaryOf(older(1))[0]!['EBPG, SISE over Grad-CAM']).toBe('–')
  })

  test('bring methods measured apart into one row, the last one of each', () => {
    const only = (name: string): ExplanationFindings => ({ ...measured, methods: measured.methods.filter(({ method }) => method === name) })
    const together = summaryOf(measured)

    expect(summaryOf(only('sise'), only('grad-cam'), only('sise'))).toEqual(together)
    expect(together[0]!['EBPG, SISE over Grad-CAM']).not.toBe('–')
    expect(summaryOf(only('sise'), { ...only('grad-cam'), hidden: 'mean colour of the picture' })).toHaveLength(2)
  })

  test('keep detectors with other options apart, and bring together what was measured with a budget', () => {
    const rowsOf = (...reports: EvaluationReport[]): number => explanationTables(reports).split('\n\n')[0]!.split('\n').length - 2

    expect(rowsOf(report(measured, { size: 64, k: 1 }), report(measured, { size: 64, k: 9 }))).toBe(2)
    expect(rowsOf(report(measured, { size: 64, k: 1 }), report({ ...measured, budget: 3000 }, { k: 1, size: 64 }))).toBe(1)
  })

  test('name the method with the most energy among those that saw the most pictures', () => {
    const having = (n: number): ExplanationFindings => ({
      ...measured,
      methods: measured.methods.map((method) => method.method === 'sise' ? { ...method, n: 4, ebpg: { value: 0.5, low: 0.5, high: 0.5 } } : { ...method, n, ebpg: { value: 0.9, low: 0.9, high: 0.9 } })
    })

    expect([4, 3].map((n) => summaryOf(having(n))[0]!['most EBPG'])).toEqual(['`grad-cam`', '`sise`'])
  })

  test('name methods that a model cannot have, and stand a report of none', () => {
    const none = { ...measured, methods: [], unavailable: [{ method: 'sise', reason: 'Expected layers' }, { method: 'grad-cam', reason: 'Expected layers' }] }
    const text = explanationTables([report(none)])

    expect(text).toContain('hand-built without `sise`, `grad-cam`: Expected layers')
    expect(summaryOf(none)[0]).toMatchObject({ n: '', 'no map, SISE / Grad-CAM': '– / –', 'most EBPG': '–' })
    // Measured later, it is available.
    expect(explanationTables([report(none), report(measured)])).not.toContain('without `sise`')
  })
})
