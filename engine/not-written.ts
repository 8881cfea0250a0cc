/** What the file system says of a file that was to be written; while an open file is written, it names none. */
import { GoodpartsError } from './errors.ts'
import { diskFix } from './file-errors.ts'

/** GOODPARTS_STORE_FAILED by the file's name, with what frees the disk or its permissions. */
export function notWritten (file: string, cause: unknown): GoodpartsError {
  return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${file} to be writable, got: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, fix: diskFix(cause) ?? 'Make the folder, or name a place that you may write to.' })
}
