/** How an error is told over HTTP. */
import { asGoodpartsError, type ErrorCode } from '../errors.ts'

const statuses: Partial<Record<ErrorCode, number>> = { GOODPARTS_ARGUMENT: 404, GOODPARTS_PART_GONE: 404, GOODPARTS_NOTHING_TO_TAKE_BACK: 404, GOODPARTS_FORBIDDEN: 403, GOODPARTS_EXPLANATION_FAILED: 409, GOODPARTS_SCHEMA_INVALID: 400, GOODPARTS_QUEUE_FULL: 503, GOODPARTS_STORE_FAILED: 503, GOODPARTS_CLOSED: 503 }

export interface ErrorAnswer {
  status: number
  body: { code: ErrorCode, message: string, fix: string | null }
}

export function errorAnswer (error: unknown): ErrorAnswer {
  const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_LIVE_FAILED')
  return { status: statuses[code] ?? 500, body: { code, message, fix } }
}
