/** All that is wrong, told at once: who filled in five fields wrongly does not learn it in five tries. */
import { GoodpartsError } from './errors.ts'

/**
 * The value of each reader, every one asked even where others throw.
 * @throws the one `GoodpartsError` of the readers, or one that holds them all, as `together`; anything else at once
 */
export function readAll<Values extends object> (readers: { readonly [Name in keyof Values]: () => Values[Name] }): Values {
  const wrong: GoodpartsError[] = []
  const values: Partial<Values> = {}
  for (const name of Object.keys(readers) as Array<keyof Values>) {
    try {
      values[name] = readers[name]()
    } catch (error) {
      if (!(error instanceof GoodpartsError)) throw error
      wrong.push(error)
    }
  }
  const [first, ...others] = wrong
  if (first !== undefined) throw together(first, ...others)
  return values as Values
}

/** One error that says what all say, under the code of the first. */
export function together (first: GoodpartsError, ...others: readonly GoodpartsError[]): GoodpartsError {
  if (others.length === 0) return first
  const all = [first, ...others]
  const fixes = [...new Set(all.map(({ fix }) => fix).filter((fix) => fix !== null))]
  const messages = [...new Set(all.map(({ message }) => message))]
  return new GoodpartsError(first.code, messages.join('; '), { cause: all, ...fixes.length === 0 ? {} : { fix: fixes.join(' ') } })
}

/** Each of what `together`, also of errors of its own, made one error of. */
export function apart (error: GoodpartsError): GoodpartsError[] {
  return Array.isArray(error.cause) ? (error.cause as GoodpartsError[]).flatMap(apart) : [error]
}
