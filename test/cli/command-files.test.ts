import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { filesMustBeOfUse, outputsMustBeOfUse } from '../../cli/command-files.ts'

let folder: string
const at = (name: string): string => join(folder, name)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-command-files-test-'))
  mkdirSync(at('set'))
  for (const name of ['model.onnx', 'set/dataset.csv', 'set/a.png', 'set/earlier.json']) writeFileSync(at(name), name)
  symlinkSync('model.onnx', at('link.onnx'))
  linkSync(at('model.onnx'), at('hard.onnx'))
  symlinkSync('set', at('also-set'))
  symlinkSync('later.json', at('link.json'))
})
afterAll(() => { rmSync(folder, { recursive: true }) })

it.each([
  ['model.onnx', 'set/../model.onnx'],
  ['model.onnx', 'link.onnx'],
  ['link.onnx', 'model.onnx'],
  ['model.onnx', 'hard.onnx'],
  ['set', 'set/dataset.csv'],
  ['set', 'also-set/a.png'],
  ['also-set', 'set/a.png'],
  ['set/dataset.csv', 'set/a.png']
])('what reads %s does not write to %s', async (input, output) => {
  await expect(filesMustBeOfUse([{ name: '--json', file: at(output) }], ['score', at(input)])).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT', message: expect.stringMatching(/^Expected --json to name a file that the command does not read, got /) as string })
})

it.each([
  ['later.json', 'set/../later.json'],
  ['later.json', 'link.json'],
  ['model.onnx', 'link.onnx']
])('%s and %s are not written by one command', async (first, second) => {
  await expect(filesMustBeOfUse([{ name: '--json', file: at(first) }, { name: '--report', file: at(second) }], [])).rejects.toThrow(/^Expected --json and --report to name two files, got /)
})

it('other files, devices and standard output are of use', async () => {
  const written = [at('set/earlier.json'), at('set/new.png'), '/dev/null', '/dev/null', '-', '-'].map((file) => ({ name: '--json', file }))
  await expect(filesMustBeOfUse(written, [at('set'), at('model.onnx'), 'rtsp://camera'])).resolves.toBeUndefined()
})

it('standard output is given only where the help says so', async () => {
  const command = new Command().option('--json <file>', 'figures; - for standard output').option('--report <file>', 'a page')
  command.parse(['--json', '-'], { from: 'user' })
  await expect(outputsMustBeOfUse(command)).resolves.toBeUndefined()
  command.parse(['--json', '-', '--report', '-'], { from: 'user' })
  await expect(outputsMustBeOfUse(command)).rejects.toThrow('Expected --report to name a file, got -')
})

it('an option --output that names no file is none', async () => {
  const command = new Command().option('--output <name>').option('--json <file>').argument('<model>')
  command.parse(['--output', at('set'), '--json', at('new.json'), at('model.onnx')], { from: 'user' })
  await expect(outputsMustBeOfUse(command)).resolves.toBeUndefined()
  command.parse(['--json', at('model.onnx'), at('model.onnx')], { from: 'user' })
  await expect(outputsMustBeOfUse(command)).rejects.toThrow(/^Expected --json to name/)
})
