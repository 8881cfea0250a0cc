/** What docs/graph.md shows runs, and its list of operators is the engine's. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import { decodeModel } from '../../engine/graph/decode.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { decompositions } from '../../engine/graph/gradient/decompose.ts'
import { gradientRules } from '../../engine/graph/gradient/registry.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'

const page = readFileSync(new URL('../../docs/graph.md', import.meta.url), 'utf8')
const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program]) => program!)
const folder = mkdtempSync(join(tmpdir(), 'goodparts-graph-'))

afterAll(() => { rmSync(folder, { recursive: true }) })

async function runProgram (index: number): Promise<string> {
  const path = join(folder, `program-${index}.mjs`)
  writeFileSync(path, programs[index]!
    .replace("'@goodparts/node-red-inspection'", `'${new URL('../../engine/index.ts', import.meta.url).href}'`)
    .replace("'onnxruntime-node'", `'${import.meta.resolve('onnxruntime-node')}'`))
  return (await promisify(execFile)(process.execPath, [path], { cwd: folder, timeout: 60_000 })).stdout
}

describe('docs/graph.md', () => {
  it('differentiates a model', { timeout: 90_000 }, async () => {
    copyFileSync(new URL('./fixtures/mobilenet-v2-narrow.onnx', import.meta.url), join(folder, 'model.onnx'))
    expect(await runProgram(0)).toBe('image/gradient\n')
    const written = readFileSync(join(folder, 'model-with-gradients.onnx'))
    expect(decodeModel(written).outputs.map(({ name }) => name)).toEqual(['logits', 'stage', 'image/gradient', 'stage/gradient'])
    await (await openSession(written)).close()
  })

  it('trains a model', { timeout: 90_000 }, async () => {
    const builder = new GraphBuilder('with-loss')
    const [x, y] = [builder.input('x', 'float32', [8, 1]), builder.input('y', 'float32', [8, 1])]
    const product = builder.node('Mul', [x, builder.constant(Float32Array.of(0), [1, 1], 'w')])
    const error = builder.node('Sub', [builder.node('Add', [product, builder.constant(Float32Array.of(0), [1], 'b')]), y])
    builder.output('loss', builder.node('ReduceMean', [builder.node('Mul', [error, error])], { keepdims: 0 }), 'float32', [])
    writeFileSync(join(folder, 'with-loss.onnx'), encodeModel(builder.build()))
    const losses = (await runProgram(1)).trim().split('\n').map((line) => Number(line.split(' ')[1]))
    expect(losses).toHaveLength(5)
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 5)
  })

  it('lists the operators that have a rule', () => {
    const listed = page.split('-->')[1]!.split('\n\n')[0]!.split(/[,\s]+/).filter((word) => word !== '')
    expect(listed).toEqual([...new Set([...Object.keys(gradientRules), ...Object.keys(decompositions)])].sort())
  })
})
