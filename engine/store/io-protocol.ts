/** What the main thread and the I/O thread say to each other. */
import type { ErrorCode } from '../errors.ts'
import type { AuditOptions, AuditTable } from './audit-table.ts'
import type { HistoryTable, HistoryOptions } from './history-table.ts'
import type { SpoolOptions, SpoolTable } from './spool-table.ts'

/** Kind of store → its table in the I/O thread and what opens it. */
export interface StoreKinds {
  spool: { table: SpoolTable, options: SpoolOptions }
  history: { table: HistoryTable, options: HistoryOptions }
  audit: { table: AuditTable, options: AuditOptions }
}

export interface IoRequest {
  id: number
  store: number
  /** `open` (kind, options), `close`, or a method of the table. */
  method: string
  values: unknown[]
}

/** Errors cross as values: a clone would lose their code. */
export interface IoReply {
  id: number
  result?: unknown
  error?: { code: ErrorCode, message: string, fix: string | null, diskFull: boolean }
}
