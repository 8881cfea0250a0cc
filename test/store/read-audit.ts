/** What an audit log says, once its chain was found whole. */
import { expect } from 'vitest'
import type { AuditEntry } from '../../engine/store/audit-chain.ts'
import { AuditFile } from '../../engine/store/audit-file.ts'

/** Oldest first. */
export function readAudit (path: string): AuditEntry[] {
  const file = new AuditFile(path)
  try {
    const entries = file.last(100_000)
    expect(file.verify()).toMatchObject({ broken: null, entries: entries.length })
    return entries
  } finally {
    file.close()
  }
}
