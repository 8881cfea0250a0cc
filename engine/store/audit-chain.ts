/**
 * What an audit log says and how its entries hang together: each carries the SHA-256 over the one before and itself, so that no entry can be
 * changed, taken out or put elsewhere without all later hashes being wrong. A cut-off tail is found only by a hash that was noted elsewhere.
 */
import { createHash } from 'node:crypto'
import type { JsonValue } from '../../schemas/bundle.ts'

export const auditKinds = [
  'limits-changed', 'label', 'label-withdrawn', 'exemplar-removed', 'exemplar-relabelled', 'bundle-swapped', 'bundle-rolled-back', 'update-asked', 'update-cancelled', 'update-accepted', 'update-refused', 'drift-reset', 'change-failed'
] as const
export type AuditKind = typeof auditKinds[number]

export interface AuditDetails { [name: string]: JsonValue }

/** Something that is to be entered. */
export interface AuditRecord {
  /** `role:` and the role of a person at the live page, `node:` and the id of a node, `editor:` and the name of the editor's user, or `editor` where nobody logs in there. */
  who: string
  /** `null` for what no single line is concerned by. */
  line: string | null
  kind: AuditKind
  details: AuditDetails
}

export interface AuditEntry extends AuditRecord {
  /** From 1, without a gap. */
  number: number
  /** ISO 8601, UTC. */
  time: string
  /** Hex. */
  hash: string
}

/** An entry as the database has it. */
export interface AuditRow {
  number: number
  time: string
  who: string
  line: string | null
  kind: string
  /** Canonical JSON: its very text is hashed. */
  details: string
  hash: string
}

/** What the first entry follows. */
export const beforeTheFirst = '0'.repeat(64)

/** Of the hash before, and the row in a form that leaves no doubt where a value ends. */
export function hashOf (before: string, { number, time, who, line, kind, details }: Omit<AuditRow, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify([before, number, time, who, line, kind, details])).digest('hex')
}

export interface AuditVerification {
  /** That are whole, from the first on. */
  entries: number
  /** Hash of the last of them. */
  head: string
  /** The first that does not follow; `null` when all do. */
  broken: { number: number, reason: string } | null
  /** Whether a hash that was noted earlier is among them; `null` when none was given. */
  hasNoted: boolean | null
}

/** `rows` in the order of their numbers. */
export function verifyChain (rows: Iterable<AuditRow>, noted?: string): AuditVerification {
  let [entries, head] = [0, beforeTheFirst]
  let hasNoted = noted === undefined ? null : noted === head
  for (const row of rows) {
    const due = entries + 1
    if (row.number !== due) return { entries, head, broken: { number: due, reason: `it is missing; entry ${row.number} comes next` }, hasNoted }
    if (row.hash !== hashOf(head, row)) return { entries, head, broken: { number: due, reason: `it, or its place after entry ${entries}, was changed: its hash does not fit` }, hasNoted }
    entries = due
    head = row.hash
    hasNoted = hasNoted === null ? null : hasNoted || head === noted
  }
  return { entries, head, broken: null, hasNoted }
}

export function entryOf (row: AuditRow): AuditEntry {
  return { ...row, kind: row.kind as AuditKind, details: JSON.parse(row.details) as AuditDetails }
}
