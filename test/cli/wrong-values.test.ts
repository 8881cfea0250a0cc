import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runGoodparts } from './run-goodparts.ts'

const sample = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')

it('says of every wrong value what it should be, at once', async () => {
  const { code, stderr } = await runGoodparts(['fit', sample, '-o', '/tmp/goodparts-never-written.onnx', '--size', '7', '--seed', 'x', '--tiles', '99'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^goodparts: .*'--size <pixels>' argument '7' .*'--seed <number>' argument 'x' .*--tiles .* got 99 \(GOODPARTS_ARGUMENT\)\nFix: [^\n]*\n$/)
})

it('says so beside what is missing', async () => {
  const { code, stderr } = await runGoodparts(['fit', sample, '--size', '7'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^goodparts: .*'--size <pixels>' argument '7' .*\ngoodparts: required option '-o, --output <file>' not specified .*\nFix: [^\n]*\n$/)
})

it('says of every wrong option of a detector what it should be', async () => {
  const { stderr } = await runGoodparts(['fit', sample, '-o', '/tmp/goodparts-never-written.onnx', '--set', 'mapSigma=99', '--set', 'bankSize=-1', '--set', 'colour=red'])
  expect(stderr).toMatch(/got colour; Expected mapSigma .*; Expected bankSize /)
}, 60_000)
