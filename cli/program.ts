/** The `goodparts` program with all its commands. Each is a file of `cli/commands/`; what is heavy or native they load when they run. */
import { Command, type Help, type Option } from 'commander'
import { packageVersion } from '../engine/package-version.ts'
import { outputsMustBeOfUse } from './command-files.ts'
import { WrongValues } from './wrong-values.ts'

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

/** Commander's program; `parseAsync` runs it. */
export async function makeProgram (): Promise<Command> {
  const wrong = new WrongValues()
  const program = new Command('goodparts')
    .version(packageVersion())
    .description('Visual inspection learned from good parts only')
    // As every other error: message, code, what to do.
    .configureOutput({ outputError: (text, write) => { write(`${wrong.text}goodparts: ${text.replace(/^error: /, '').trimEnd()} (GOODPARTS_ARGUMENT)\n`) } })
    .showHelpAfterError('Fix: the same command with --help lists the options.')
    .hook('preAction', async (_program, command) => {
      wrong.expectNone()
      await outputsMustBeOfUse(command)
    })
    .configureHelp({ optionDescription })
  for (const load of commands) (await load()).register(program)
  wrong.watch(program)
  return program
}

/** A default as a person would type it, and none that only says that nothing is given. */
const optionDescription: Help['optionDescription'] = (option) => {
  const notes = [...option.mandatory ? ['required'] : [], ...defaultNotes(option)]
  return notes.length === 0 ? option.description : `${option.description} (${notes.join(', ')})`
}

function defaultNotes ({ defaultValue, defaultValueDescription, variadic }: Option): string[] {
  const value: unknown = defaultValueDescription ?? defaultValue
  if (Array.isArray(value)) return [`default: ${value.map(String).join(variadic ? ' ' : ',')}`]
  return typeof value === 'string' || typeof value === 'number' ? [`default: ${value}`] : []
}
