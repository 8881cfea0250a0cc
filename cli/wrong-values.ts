/** Wrong values on a command line, kept until all are read: who gave three learns of three. Commander by itself ends at the first. */
import { InvalidArgumentError, type Command } from 'commander'
import { GoodpartsError } from '../engine/errors.ts'
import { together } from '../engine/read-all.ts'

export class WrongValues {
  readonly #found: GoodpartsError[] = []

  /** Has the parsers of its options, and of the commands below, tell this. */
  watch (command: Command): void {
    for (const option of command.options) {
      const parse = option.parseArg
      if (parse === undefined) continue
      option.parseArg = (text, earlier) => {
        try {
          return parse(text, earlier)
        } catch (cause) {
          this.#found.push(asError(`option '${option.flags}' argument '${text}' is invalid.`, cause))
          return earlier
        }
      }
    }
    for (const below of command.commands) this.watch(below)
  }

  /** What to say before another error of the command line, a line for each. */
  get text (): string {
    return this.#found.map(({ message }) => `goodparts: ${message} (GOODPARTS_ARGUMENT)\n`).join('')
  }

  /** @throws GOODPARTS_ARGUMENT with all that was wrong */
  expectNone (): void {
    const [first, ...others] = this.#found
    if (first !== undefined) throw together(first, ...others)
  }
}

function asError (what: string, cause: unknown): GoodpartsError {
  if (cause instanceof GoodpartsError) return cause
  if (!(cause instanceof InvalidArgumentError)) throw cause
  return new GoodpartsError('GOODPARTS_ARGUMENT', `${what} ${cause.message.replace(/\.$/, '')}`, { fix: 'the same command with --help lists the options.' })
}
