/** Every command, given what it cannot use, says so in one line with a code and what to do about it. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureText } from '../../cli/failure.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { runGoodparts } from './run-goodparts.ts'

const sample = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goodparts-bad-inputs-'))
  await mkdir(join(folder, 'empty'))
  await mkdir(join(folder, 'five'))
  for (const name of ['000', '001', '002', '003', '004']) await copyFile(join(sample, 'good', `${name}.png`), join(folder, 'five', `${name}.png`))
  await writeFile(join(folder, 'garbage.onnx'), 'no bundle')
  await writeFile(join(folder, 'garbage.csv'), 'path,colour\na.png,red\n')
  await writeFile(join(folder, 'of-empty.csv'), 'path\n')
  await writeFile(join(folder, 'garbage.png'), 'no picture')
})
afterAll(async () => { await rm(folder, { recursive: true }) })

const at = (text: string): string => text.replaceAll('@', `${folder}/`)

describe('a command that is given what it cannot use', () => {
  it.each([
    ['evaluate @nowhere', 'DATASET_INVALID'],
    ['evaluate @garbage.csv', 'DATASET_INVALID'],
    ['evaluate SAMPLE --detector magic', 'ARGUMENT'],
    ['evaluate SAMPLE --bundle @garbage.onnx', 'BUNDLE_INVALID'],
    ['evaluate SAMPLE --methods magic', 'ARGUMENT'],
    ['inspect @nowhere --bundle @garbage.onnx', 'ARGUMENT'],
    ['inspect @empty --bundle @garbage.onnx', 'DATASET_INVALID'],
    ['inspect SAMPLE --bundle @nowhere.onnx', 'BUNDLE_INVALID'],
    ['inspect SAMPLE --bundle /proc/kmsg', 'BUNDLE_INVALID'],
    ['explain /proc/kmsg @garbage.png', '[A-Z_]+'],
    ['fit SAMPLE/good/000.png -o @new.onnx', 'DATASET_INVALID'],
    ['fit @five -o @new.onnx', 'TOO_FEW_IMAGES'],
    ['evaluate SAMPLE/good/000.png', 'DATASET_INVALID'],
    ['fit SAMPLE -o ', 'ARGUMENT'],
    ['inspect sample-line --param colour=red --bundle @garbage.onnx', 'BUNDLE_INVALID'],
    ['fit @nowhere -o @new.onnx', 'DATASET_INVALID'],
    ['fit SAMPLE -o @new.onnx --set colour=red', 'ARGUMENT'],
    ['compare @nowhere', 'DATASET_INVALID'],
    ['explain @garbage.onnx @garbage.png', 'IMAGE_DECODE'],
    ['explain @nowhere.onnx @garbage.png', '[A-Z_]+'],
    ['continual @nowhere', 'DATASET_INVALID'],
    ['fit SAMPLE -o @empty', 'STORE_FAILED'],
    ['fit SAMPLE -o @nowhere/new.onnx', 'STORE_FAILED'],
    ['bench score @garbage.onnx', 'GRAPH_INVALID'],
    ['bench explain @garbage.onnx', 'BUNDLE_INVALID'],
    ['demo --source @nowhere', '[A-Z_]+'],
    ['doctor --json @nowhere/doctor.json', 'STORE_FAILED'],
    ['evaluate SAMPLE --report @nowhere/a.html', 'STORE_FAILED'],
    ['compare SAMPLE --json @nowhere/a.json', 'STORE_FAILED'],
    ['compare SAMPLE --report @empty', 'STORE_FAILED'],
    ['continual SAMPLE --report @nowhere/a.html', 'STORE_FAILED'],
    ['explain @garbage.onnx @garbage.png --report @nowhere/a.html', 'STORE_FAILED'],
    ['inspect SAMPLE --bundle @garbage.onnx --ndjson @nowhere/a.ndjson', 'STORE_FAILED'],
    ['inspect SAMPLE --bundle @garbage.onnx --save-heatmaps @garbage.png', 'STORE_FAILED'],
    ['inspect SAMPLE --bundle @garbage.onnx --save-heatmaps /proc/goodparts', 'STORE_FAILED'],
    ['bench score --json @nowhere/a.json', 'STORE_FAILED'],
    ['audit list @nowhere --json @nowhere/a.json', 'STORE_FAILED'],
    ['explain @garbage.onnx @garbage.png --report @garbage.onnx', 'ARGUMENT'],
    ['explain @garbage.onnx @garbage.png --json @five/../garbage.png', 'ARGUMENT'],
    ['evaluate @nowhere --json @same.x --report @five/../same.x', 'ARGUMENT'],
    ['evaluate @five --json @five/000.png', 'ARGUMENT'],
    ['inspect SAMPLE --bundle @garbage.onnx --ndjson @garbage.onnx', 'ARGUMENT'],
    ['fit @garbage.csv -o @garbage.csv', 'ARGUMENT'],
    ['compare @empty @of-empty.csv --json @of.csv', 'ARGUMENT'],
    ['compare SAMPLE --set colour=red', 'ARGUMENT'],
    ['compare SAMPLE --set magic.mapSigma=4', 'ARGUMENT'],
    ['fit SAMPLE -o @new.onnx --scale coarse', 'ARGUMENT'],
    ['bench score --device gpu', 'ARGUMENT'],
    ['demo --user-dir /proc/goodparts --port 18879', 'STORE_FAILED']
  ])('%s', async (line, code) => {
    const { code: status, stdout, stderr } = await runGoodparts(at(line).replace('SAMPLE', sample).split(' '), { env: { XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder } })
    expect(stderr).toMatch(new RegExp(`^goodparts: [^\\n]*\\(GOODPARTS_${code}\\)\\nFix: \\S[^\\n]*\\n$`))
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  }, 120_000)

  it.each(['inspect SAMPLE', 'fit SAMPLE -o x --size small', 'nothing'])('%s: where --help lists what it takes', async (line) => {
    const { code, stderr } = await runGoodparts(line.replace('SAMPLE', sample).split(' '))
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^goodparts: [^]* \(GOODPARTS_ARGUMENT\)\nFix: [^]*--help lists the options/) as string })
  })
})

describe('what a command says at its end', () => {
  it('is the error\'s own fix where there is one', () => {
    expect(failureText(new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a, got b', { fix: 'Take a.' }))).toBe('goodparts: Expected a, got b (GOODPARTS_ARGUMENT)\nFix: Take a.\n')
  })

  it('tells a disk that refuses from a defect', () => {
    expect(failureText(Object.assign(new Error('EACCES: permission denied'), { syscall: 'open', path: '/a' }))).toMatch(/\/a .*EACCES.*\(GOODPARTS_STORE_FAILED\)\nFix: /)
    expect(failureText(Object.assign(new Error('ENOSPC: no space left on device, write'), { syscall: 'write', code: 'ENOSPC' }))).toMatch(/ENOSPC.*\(GOODPARTS_STORE_FAILED\)\nFix: Free room/)
    expect(failureText(Object.assign(new Error('EACCES: permission denied, scandir'), { syscall: 'scandir', code: 'EACCES', path: '/a' }))).toMatch(/\nFix: Let the user that runs this read it/)
    expect(failureText(new TypeError('x is not a function'))).toBeNull()
  })
})
