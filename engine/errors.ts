import { diskFix } from './file-errors.ts'

/**
 * The one table of errors. A message reads "Expected X to be Y, got Z" where it can; `retriable` tells the caller whether
 * the same call may succeed later; `docs/errors.md` explains each code and a test keeps the two equal.
 */
export const errorTable = {
  GOODPARTS_ARGUMENT: { retriable: false },
  GOODPARTS_FRAME_SIZE: { retriable: false },
  GOODPARTS_IMAGE_DECODE: { retriable: false },
  GOODPARTS_DEPENDENCY_MISSING: { retriable: false },
  GOODPARTS_PIPELINE_INVALID: { retriable: false },
  GOODPARTS_PIPELINE_ELEMENT_MISSING: { retriable: false },
  GOODPARTS_PIPELINE_PARAMETER: { retriable: false },
  GOODPARTS_CAPTURE_FAILED: { retriable: true },
  GOODPARTS_CAPTURE_STALLED: { retriable: true },
  GOODPARTS_GRAPH_INVALID: { retriable: false },
  GOODPARTS_BUNDLE_INVALID: { retriable: false },
  GOODPARTS_BUNDLE_GOLDEN: { retriable: false },
  GOODPARTS_DEVICE_UNAVAILABLE: { retriable: false },
  GOODPARTS_INFERENCE_FAILED: { retriable: true },
  GOODPARTS_DEADLINE_PASSED: { retriable: false },
  GOODPARTS_QUEUE_FULL: { retriable: true },
  GOODPARTS_MEMORY_LOW: { retriable: true },
  GOODPARTS_EXPLANATION_FAILED: { retriable: true },
  GOODPARTS_FIT_FAILED: { retriable: false },
  GOODPARTS_FIT_CANCELLED: { retriable: false },
  GOODPARTS_TOO_FEW_IMAGES: { retriable: false },
  GOODPARTS_DATASET_INVALID: { retriable: false },
  GOODPARTS_SCHEMA_INVALID: { retriable: false },
  GOODPARTS_KAFKA_UNAVAILABLE: { retriable: true },
  GOODPARTS_KAFKA_REJECTED: { retriable: false },
  GOODPARTS_SPOOL_FULL: { retriable: true },
  GOODPARTS_SPOOL_FAILED: { retriable: true },
  GOODPARTS_STORE_FAILED: { retriable: true },
  GOODPARTS_CLOSED: { retriable: true },
  GOODPARTS_LIVE_FAILED: { retriable: true },
  GOODPARTS_PART_GONE: { retriable: false },
  GOODPARTS_NOTHING_TO_TAKE_BACK: { retriable: false },
  GOODPARTS_FORBIDDEN: { retriable: false }
} as const

export type ErrorCode = keyof typeof errorTable

/** Every error that leaves the engine. `fix` tells a person what to do, where that is known. */
export class GoodpartsError extends Error {
  override readonly name = 'GoodpartsError'
  readonly code: ErrorCode
  readonly retriable: boolean
  readonly fix: string | null

  constructor (code: ErrorCode, message: string, options: { cause?: unknown, fix?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = errorTable[code].retriable
    this.fix = options.fix ?? null
  }
}

/** The same error with its own code kept, or any other wrapped under `code`; a fit that the disk stopped is the disk's. */
export function asGoodpartsError (error: unknown, code: ErrorCode): GoodpartsError {
  if (error instanceof GoodpartsError) return error
  const fix = diskFix(error)
  return new GoodpartsError(fix !== null && code === 'GOODPARTS_FIT_FAILED' ? 'GOODPARTS_STORE_FAILED' : code, error instanceof Error ? error.message : String(error), { cause: error, ...fix === null ? {} : { fix } })
}
