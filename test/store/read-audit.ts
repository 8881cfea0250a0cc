/** What an audit log says, once its chain was found whole. */
import { expect } from 'vitest'
import type { AuditEntry } from '../../engine/store/audit-chain.ts'
import { AuditFile } from '../../engine/store/audit-file.ts'

/** Oldest first. */
export function readAudit (path: string): AuditEntry[] {
  const file = new AuditFile(path)
  try {
    const { broken, entries } = file.verify()
    const read = file.last(100_000)
    expect(broken).toBeNull()
    // A writer may have gone on in between.
    expect(read.length).toBeGreaterThanOrEqual(entries)
    return read
  } finally {
    file.close()
  }
}
