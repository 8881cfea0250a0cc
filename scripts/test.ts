/** Everything that `npm test` means: lint, types, all tests. Arguments are passed to vitest. The last line counts the tests. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
process.chdir(root)
const filters = process.argv.slice(2)

function step (name: string, command: string, args: string[]): boolean {
  const started = Date.now()
  process.stdout.write(`\n# ${name}\n`)
  const { status } = spawnSync(join('node_modules', '.bin', command), args, { stdio: 'inherit' })
  process.stdout.write(`# ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(0)} s\n`)
  return status === 0
}

mkdirSync('test-output', { recursive: true })
const report = join('test-output', 'vitest.json')
rmSync(report, { force: true })

const steps: Array<[string, string, string[]]> = filters.length > 0
  ? []
  : [
      ['lint', 'eslint', ['.']],
      ['types of the runtime', 'tsc', ['-p', 'tsconfig.json']],
      ['types of the editor', 'tsc', ['-p', 'tsconfig.editor.json']],
      ['types of the live page', 'tsc', ['-p', 'tsconfig.viewer.json']]
    ]
let passed = true
for (const [name, command, args] of steps) passed = step(name, command, args) && passed
passed = step('tests', 'vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters]) && passed

const counts = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number, numFailedTests: number, numPendingTests: number }
process.stdout.write(`\n${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped\n`)
process.exitCode = passed ? 0 : 1
