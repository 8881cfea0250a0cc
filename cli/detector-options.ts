/** Options of a detector on the command line: some have a flag of their own, `--set` gives any other. */
import type { JsonValue } from '../schemas/bundle.ts'
import { detectorByFamily } from '../engine/detectors/registry.ts'
import { GoodpartsError } from '../engine/errors.ts'
import { readAll } from '../engine/read-all.ts'
import type { Settings } from './option-values.ts'

const flags = { scale: '--scale', size: '--size', targetImagesPerSecond: '--rate', bankSize: '--bank', tiles: '--tiles', overlap: '--overlap', regions: '--regions' } as const

/** What was given with flags. */
export type Flagged = { [Option in keyof typeof flags]?: JsonValue | undefined }

/** All options of the fit. @throws GOODPARTS_ARGUMENT for what the family cannot have, each by the name that was typed. */
export function detectorOptions (family: string, set: Settings, flagged: Flagged): Settings {
  const given = Object.fromEntries(Object.entries(flagged).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))
  const detector = detectorByFamily(family)
  const typed = (name: string): string => Object.hasOwn(given, name) ? flags[name as keyof typeof flags] : name
  const has = (name: string): boolean => Object.hasOwn(detector.defaults, name)
  const strangers = Object.keys(given).filter((name) => !has(name))
  readAll({
    flags: () => {
      if (strangers.length === 0) return
      const its = Object.entries(flags).filter(([name]) => has(name)).map(([, flag]) => flag)
      throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected what ${family} can be told (${its.join(', ')}, --set), got ${strangers.map(typed).join(', ')}`,
        { fix: `Leave it out; docs/detectors.md has the options of ${family}.` })
    },
    values: () => {
      try {
        detector.check({ ...set, ...Object.fromEntries(Object.entries(given).filter(([name]) => has(name))) })
      } catch (cause) {
        if (!(cause instanceof GoodpartsError)) throw cause
        const message = cause.message.replace(/(?<=^|; )Expected (\w+) to be/g, (_, name: string) => `Expected ${typed(name)} to be`)
        throw new GoodpartsError(cause.code, message, { cause, ...(cause.fix === null ? {} : { fix: cause.fix }) })
      }
    }
  })
  return { ...set, ...given }
}
