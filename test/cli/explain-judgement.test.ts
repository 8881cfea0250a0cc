/** The verdict that `goodparts explain` says of a picture. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PictureJudgement } from '../../cli/commands/explain/page.ts'
import { metadataKey, saveBundle, writeBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { withMetadata } from '../../engine/graph/metadata.ts'
import { goodPart, goodParts } from '../detectors/good-parts.ts'
import { quickOptions } from '../detectors/quick-options.ts'
import { edge, spottedPicture } from '../explain/hand-built-models.ts'
import { classifierBundle, spotBundle, write } from '../explain/spot-bundle.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-explain-judgement-test-'))
  await write(at('spotted.png'), spottedPicture())
})
afterAll(() => { rmSync(folder, { recursive: true }) })

async function judged (bundle: string, picture: string, ...options: string[]): Promise<PictureJudgement> {
  const { stdout } = await runGoodparts(['explain', bundle, picture, '--methods', 'anomaly-map', '--json', '-', ...options])
  return (JSON.parse(stdout) as { explanation: { judgement: PictureJudgement } }).explanation.judgement
}

async function withProduct (scores: number[]): Promise<ModelBundle> {
  const { bytes, metadata } = await spotBundle()
  return writeBundle(bytes, { ...metadata, calibration: { ...metadata.calibration, products: { bright: scores } } })
}

test('is that of a line, also of a picture of another size than those that the bundle has learned', async () => {
  const { bytes, metadata } = await detectorByFamily('density').fit(goodParts(30), quickOptions.density ?? {}, { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  await saveBundle(at('density.onnx'), { bytes, metadata })
  const large = goodPart(50, 90)
  for (let y = 40; y < 60; y++) large.data.fill(255, y * 90 + 30, y * 90 + 50)
  await write(at('large.png'), large)

  const { stdout } = await runGoodparts(['inspect', at('large.png'), '--bundle', at('density.onnx'), '--device', 'cpu', '--ndjson', '-'])

  const { score, verdict, reason } = JSON.parse(stdout) as PictureJudgement
  const found = await judged(at('density.onnx'), at('large.png'))
  expect(found.score! / score!).toBeCloseTo(1, 5)
  expect(found).toMatchObject({ verdict, reason: { code: reason.code }, product: null })
}, 60_000)

test('is by the limits of a product that has its own, and says so', async () => {
  await saveBundle(at('products.onnx'), await withProduct(Array.from({ length: 99 }, (_, i) => 500 + i)))

  expect(await judged(at('products.onnx'), at('spotted.png'))).toMatchObject({ verdict: 'reject', product: null })
  expect(await judged(at('products.onnx'), at('spotted.png'), '--product', 'bright')).toMatchObject({ verdict: 'good', product: 'bright' })
  expect(await judged(at('products.onnx'), at('spotted.png'), '--product', 'unheard of')).toMatchObject({ verdict: 'reject', product: null })
  const { stdout } = await runGoodparts(['explain', at('products.onnx'), at('spotted.png'), '--methods', 'anomaly-map', '--product', 'bright'])
  expect(stdout).toMatch(/^Verdict: good\. Score \S+ is within the review limit \S+ of bright \(p-value 1\.0\)\.$/m)
}, 60_000)

test('is by the score, whatever output is explained', async () => {
  await saveBundle(at('classifier.onnx'), await classifierBundle())

  const asked = await judged(at('classifier.onnx'), at('spotted.png'), '--output', 'classes', '--target', 'spot')

  expect(asked).toEqual(await judged(at('classifier.onnx'), at('spotted.png')))
}, 60_000)

test('says that a picture which the graph does not take would not be inspected, and explains it all the same', async () => {
  await saveBundle(at('spots.onnx'), await spotBundle())
  const { data } = spottedPicture()
  await write(at('colour.png'), { data: Uint8Array.from({ length: 3 * edge * edge }, (_, i) => data[Math.floor(i / 3)]!), width: edge, height: edge, channels: 3 })

  expect(await judged(at('spots.onnx'), at('colour.png'))).toMatchObject({ score: null, verdict: 'not-inspected', reason: { code: 'scoring-failed' } })
}, 30_000)

test('is not given by a bundle that was changed', async () => {
  const { bytes, metadata } = await spotBundle()
  const lenient = JSON.stringify({ ...metadata, calibration: { ...metadata.calibration, scores: [1e6] } })
  for (const [text, said] of [[lenient, /metadata of .* to have the hash .* changed or damaged/], ['{', /metadata of .* to be JSON/], ['{}', /in the metadata of/]] as const) {
    writeFileSync(at('changed.onnx'), withMetadata(bytes, { [metadataKey]: text }))
    const { code, stdout, stderr } = await runGoodparts(['explain', at('changed.onnx'), at('spotted.png')])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(said)
    expect(stderr).toContain('GOODPARTS_BUNDLE_INVALID')
    expect(stderr).not.toMatch(/\n {4}at /)
  }
}, 30_000)
