/** Where the results of each of several data sets are written. */
import { dirname, join, parse, resolve } from 'node:path'
import { GoodpartsError } from '../../../engine/errors.ts'

export interface ResultFiles {
  json?: string
  report?: string
}

/**
 * In the order of the data sets. With several, `figures.json` becomes `figures-<data set>.json`.
 * @throws GOODPARTS_ARGUMENT when two data sets would have the same file.
 */
export function resultFiles (datasets: readonly string[], files: ResultFiles): ResultFiles[] {
  if (datasets.length === 1) return [files]
  const names = datasets.map(nameOf)
  const { json, report } = files
  const isWritten = [json, report].some((file) => file !== undefined && file !== '-')
  const again = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (isWritten && again !== -1) {
    const name = names[again] as string
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected each data set to have files of its own, got ${datasets[names.indexOf(name)] ?? ''} and ${datasets[again] ?? ''}, which are both called ${name}`,
      { fix: 'Compare them in commands of their own, with another --json and --report.' })
  }
  return names.map((name) => ({
    ...(json === undefined ? {} : { json: fileOf(json, name) }),
    ...(report === undefined ? {} : { report: fileOf(report, name) })
  }))
}

/** That of the folder, also where its `dataset.csv` is given. */
function nameOf (dataset: string): string {
  const { dir, base, name, ext } = parse(resolve(dataset))
  if (ext.toLowerCase() !== '.csv') return base
  return name === 'dataset' ? parse(dir).base : name
}

function fileOf (file: string, dataset: string): string {
  if (file === '-') return file
  const { name, ext } = parse(file)
  return join(dirname(file), `${name}-${dataset}${ext}`)
}
