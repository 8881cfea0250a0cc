/** What every command does with its report: a table, figures, a page. */
import { GoodpartsError } from '../engine/errors.ts'
import { together } from '../engine/read-all.ts'
import { writeOutput } from './output-file.ts'

export interface ReportFiles {
  /** Figures; `-` for standard output, without the table. */
  json?: string | undefined
  /** The page. */
  report?: string | undefined
}

export interface ReportForms<Report> {
  asText: (report: Report) => string
  asPage: (report: Report) => string | Promise<string>
  /** The report is of a part of the work; `false` when not given. */
  isPartial?: boolean
}

/** The table first, which needs no disk, then the figures, which need less than the page; a file that fails takes nothing from the other. @throws GOODPARTS_STORE_FAILED, and what makes the page */
export async function printReport<Report> (report: Report, { json, report: page }: ReportFiles, { asText, asPage, isPartial = false }: ReportForms<Report>): Promise<void> {
  const figures = `${JSON.stringify(report, null, 2)}\n`
  process.stdout.write(json === '-' ? figures : `${asText(report)}\n`)
  const written: string[] = []
  const failures: GoodpartsError[] = []
  const write = async (file: string | undefined, content: () => string | Promise<string>): Promise<void> => {
    if (file === undefined) return
    const text = await content()
    try {
      await writeOutput(file, text)
      written.push(file)
    } catch (error) {
      if (!(error instanceof GoodpartsError)) throw error
      failures.push(error)
    }
  }
  try {
    await write(json === '-' ? undefined : json, () => figures)
    await write(page, () => asPage(report))
  } finally {
    if (json !== '-' && written.length > 0) process.stdout.write(`\nWritten${isPartial ? ', of what was done until then' : ''}: ${written.join(', ')}\n`)
  }
  const [first, ...others] = failures
  if (first !== undefined) throw together(first, ...others)
}

/** What is told beside other failures; anything else is thrown on. */
export async function failureOf (work: Promise<void>): Promise<GoodpartsError | null> {
  try {
    await work
    return null
  } catch (error) {
    if (error instanceof GoodpartsError) return error
    throw error
  }
}

/** What ended the work, and with it what could not be written of it; any other error is the cause of one that says both. */
export function alsoNotWritten (error: unknown, notWritten: GoodpartsError | null): Error {
  if (notWritten === null) return error instanceof Error ? error : new Error(String(error))
  if (error instanceof GoodpartsError) return together(error, notWritten)
  return new Error(`${String(error)}; ${notWritten.message}`, { cause: error })
}
