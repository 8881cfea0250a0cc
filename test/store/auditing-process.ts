/** Enters changes without end, from two openers at once, and tells of each that is safe; somebody kills it. */
import { writeSync } from 'node:fs'
import { AuditLog } from '../../engine/store/audit-log.ts'

const logs = ['one', 'other'].map((node) => ({ node, log: new AuditLog({ path: process.argv[2] ?? '' }) }))

for (;;) {
  await Promise.all(logs.map(async ({ node, log }) => {
    const { number, hash } = await log.add({ who: `node:${node}`, line: 'line-1', kind: 'label', details: { label: 'good' } })
    writeSync(1, `${number} ${hash}\n`)
  }))
}
