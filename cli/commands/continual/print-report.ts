/** What every protocol does with its report: a page, figures, a table. */
import { writeFile } from 'node:fs/promises'

export interface ReportOutputs {
  /** Figures; `-` for standard output, without the table. */
  json?: string
  /** The page. */
  report?: string
}

export async function printReport<Report> (report: Report, { json, report: page }: ReportOutputs, { asPage, asText }: { asPage: (report: Report) => string, asText: (report: Report) => string }): Promise<void> {
  const text = JSON.stringify(report, null, 2)
  if (page !== undefined) await writeFile(page, asPage(report))
  if (json === '-') {
    process.stdout.write(`${text}\n`)
    return
  }
  process.stdout.write(`${asText(report)}\n`)
  if (json !== undefined) await writeFile(json, `${text}\n`)
  const written = [json, page].filter((file) => file !== undefined)
  if (written.length > 0) process.stdout.write(`\nWritten: ${written.join(', ')}\n`)
}
