/** `goodparts audit`: whether a log of changes is whole, and what it says. */
import { InvalidArgumentError, type Command } from 'commander'
import { AuditFile } from '../../engine/store/audit-file.ts'
import { wholeNumber } from '../option-values.ts'
import { writeOutput } from '../output-file.ts'
import { textTable } from '../text-table.ts'

const file = ['<file>', 'goodparts/audit.sqlite of Node-RED\'s user directory, or a copy; the line may run meanwhile'] as const

export function register (program: Command): void {
  const audit = program.command('audit').description('the log of changed limits, labels, removals and bundles')
  audit.command('verify')
    .description('whether every entry follows from the one before; ends with 1 and names the first that does not')
    .argument(...file)
    .option('--head <hash>', 'as this command printed it before: the log must still hold that entry, which shows a tail cut off since', hash)
    .option('--json <file>', 'write the answer there; - for standard output')
    .action(verify)
  audit.command('list')
    .description('the newest entries')
    .argument(...file)
    .option('--last <number>', 'how many', wholeNumber(1), 20)
    .option('--json <file>', 'write them there; - for standard output')
    .action(list)
}

async function verify (path: string, options: { head?: string, json?: string }): Promise<void> {
  const { entries, head, broken, hasNoted } = reading(path, (log) => log.verify(options.head))
  const lines = [broken === null ? 'every entry follows from the one before' : `broken at entry ${broken.number}: ${broken.reason}`]
  if (hasNoted === true) lines.push(`entry with hash ${options.head ?? ''} is there`)
  if (hasNoted === false) lines.push(`no whole entry has the hash ${options.head ?? ''}: entries were cut off, or the log was begun anew`)
  lines.push(`whole entries ${entries}`, `head ${head}`)
  const isWhole = broken === null && hasNoted !== false
  await answer(lines.join('\n'), { isWhole, entries, head, broken, ...(hasNoted === null ? {} : { hasNoted }) }, options.json)
  if (!isWhole) process.exitCode = 1
}

async function list (path: string, options: { last: number, json?: string }): Promise<void> {
  const entries = reading(path, (log) => log.last(options.last))
  const rows = entries.map(({ number, time, who, line, kind, details }) => [String(number), time, who, line ?? '', kind, JSON.stringify(details)])
  await answer(textTable(['entry', 'time', 'who', 'line', 'kind', 'details'], rows), entries, options.json)
}

function reading<T> (path: string, read: (log: AuditFile) => T): T {
  const log = new AuditFile(path)
  try {
    return read(log)
  } finally {
    log.close()
  }
}

async function answer (text: string, value: unknown, json: string | undefined): Promise<void> {
  const whole = `${JSON.stringify(value, null, 2)}\n`
  process.stdout.write(json === '-' ? whole : `${text}\n`)
  if (json !== undefined && json !== '-') await writeOutput(json, whole)
}

function hash (text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new InvalidArgumentError('Expected 64 hexadecimal digits.')
}
