/** What the file system says of a file that was to be written; while an open file is written, it names none. */
import { GoodpartsError } from './errors.ts'
import { diskFix } from './file-errors.ts'

/** GOODPARTS_STORE_FAILED by the file's name, with what frees the disk or its permissions. */
export function notWritten (file: string, cause: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${file} to be writable, got: ${reasonOf(cause)}`, { cause, fix: diskFix(cause) ?? 'Make the folder, or name a place that you may write to.' })
}

/** Without the place that the file system names: it may be the one beside the file that the content is written to first. */
function reasonOf (cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/, \w+ '.*'$/s, '') : String(cause)
}
