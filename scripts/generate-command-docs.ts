/** Writes `docs/commands.md`: what `--help` says of every command, which `scripts/with-node` shows where nothing is set up yet. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { makeProgram } from '../cli/program.ts'

const file = join(import.meta.dirname, '..', 'docs', 'commands.md')
/** Of a terminal whose width is not known. */
const width = 80

/** The page. */
export async function commandDocs (): Promise<string> {
  const program = await makeProgram()
  return ['# Commands', 'What `--help` says of each command. Made by `npm run commands`.', ...sections(program, 'goodparts')].join('\n\n') + '\n'
}

function sections (command: Command, name: string): string[] {
  command.configureOutput({ getOutHelpWidth: () => width })
  return [`## ${name}`, '```text\n' + command.helpInformation().trimEnd() + '\n```', ...command.commands.flatMap((below) => sections(below, `${name} ${below.name()}`))]
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) writeFileSync(file, await commandDocs())
