#!/usr/bin/env node
/** The `goodparts` command. Each command is a file of `cli/commands/`; what is heavy or native they load when they run. */
import { Command } from 'commander'
import { packageVersion } from '../engine/package-version.ts'
import { failureText } from './failure.ts'
import { outputsMustBeWritable } from './output-file.ts'

/** A command adds itself to the program. */
export type RegisterCommand = (program: Command) => void

const commands: Array<() => Promise<{ register: RegisterCommand }>> = [
  () => import('./commands/demo.ts'),
  () => import('./commands/doctor.ts'),
  () => import('./commands/evaluate.ts'),
  () => import('./commands/explain.ts'),
  () => import('./commands/compare.ts'),
  () => import('./commands/fit.ts'),
  () => import('./commands/inspect.ts'),
  () => import('./commands/continual.ts'),
  () => import('./commands/bench.ts'),
  () => import('./commands/audit.ts')
]

const program = new Command('goodparts')
  .version(packageVersion())
  .description('Visual inspection learned from good parts only')
  // As every other error: message, code, what to do.
  .configureOutput({ outputError: (text, write) => { write(`goodparts: ${text.replace(/^error: /, '').trimEnd()} (GOODPARTS_ARGUMENT)\n`) } })
  .showHelpAfterError('Fix: the same command with --help lists the options.')
  .hook('preAction', async (_program, command) => outputsMustBeWritable(command))

for (const load of commands) (await load()).register(program)

try {
  await program.parseAsync()
} catch (error) {
  const text = failureText(error)
  if (text === null) throw error
  process.stderr.write(text)
  process.exitCode = 1
}
