import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GoodpartsError } from '../../engine/errors.ts'
import type { AuditRecord } from '../../engine/store/audit-chain.ts'
import { AuditFile } from '../../engine/store/audit-file.ts'
import { AuditLog } from '../../engine/store/audit-log.ts'
import { Database } from '../../engine/store/database.ts'

const label = (name: string): AuditRecord => ({ who: 'role:operator', line: 'line-1', kind: 'label', details: { label: name } })
let folder: string
let path: string
let opened: AuditLog[]

function open (): AuditLog {
  const log = new AuditLog({ path, now: () => Date.UTC(2026, 10, 24) })
  opened.push(log)
  return log
}

function reading<T> (read: (file: AuditFile) => T): T {
  const file = new AuditFile(path)
  try {
    return read(file)
  } finally {
    file.close()
  }
}

/** What somebody does who has the file and knows SQL. */
function execute (sql: string): void {
  new Database(path, { durable: true, access: 'shared', schema: sql }).close()
}

function tamper (sql: string): void {
  execute(`DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; ${sql}`)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-audit-'))
  path = join(folder, 'audit.sqlite')
  opened = []
})
afterEach(async () => {
  for (const log of opened) await log.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the audit log', () => {
  it('gives back what was entered, also while the writer goes on, and is whole', async () => {
    const log = open()
    await log.add(label('scratch'))
    const second = await log.add({ who: 'node:score', line: null, kind: 'limits-changed', details: { to: { review: 1, reject: 2 } } })

    expect(reading((file) => file.last(10))).toEqual([expect.objectContaining({ number: 1, time: '2026-11-24T00:00:00.000Z', ...label('scratch') }), second])
    await log.add(label('good'))
    expect(reading((file) => file.verify())).toMatchObject({ entries: 3, broken: null })
  })

  it('goes on after a close, and for several writers, in one chain', async () => {
    await open().add(label('scratch'))
    await opened[0]!.close()
    const logs = [open(), open(), open()]

    await Promise.all(Array.from({ length: 30 }, async (_, i) => logs[i % 3]!.add(label(`dent ${i}`))))

    expect(reading((file) => file.verify())).toMatchObject({ entries: 31, broken: null })
  })

  it('enters what is so only when it was not so before, with what was', async () => {
    const log = open()
    const of = (line: string): AuditRecord => ({ who: 'node:score', line, kind: 'limits-changed', details: { bundle: 'a' } })

    expect(await log.addChange(of('line-1'), { review: 1, reject: 2 })).toMatchObject({ details: { bundle: 'a', from: null, to: { review: 1, reject: 2 } } })
    expect(await log.addChange(of('line-1'), { reject: 2, review: 1 })).toBeNull()
    expect(await log.addChange(of('line-2'), { review: 1, reject: 2 })).toMatchObject({ number: 2, details: { from: null } })
    await log.close()
    expect(await open().addChange(of('line-1'), { review: 1, reject: 3 })).toMatchObject({ number: 3, details: { from: { review: 1, reject: 2 } } })
  })

  it('makes a change only after its entry, and says where it failed', async () => {
    const log = open()
    const seen = await log.before(label('dent'), () => Promise.resolve(reading((file) => file.last(1))))
    expect(seen).toMatchObject([{ number: 1, details: { label: 'dent' } }])

    await expect(log.before(label('scratch'), () => Promise.reject(new GoodpartsError('GOODPARTS_QUEUE_FULL', 'full')))).rejects.toThrow('full')
    expect(reading((file) => file.last(1))).toMatchObject([{ number: 3, who: 'role:operator', kind: 'change-failed', details: { entry: 2, code: 'GOODPARTS_QUEUE_FULL' } }])
  })

  it('makes no change when there can be no entry', async () => {
    path = folder
    let isMade = false
    await expect(open().before(label('dent'), () => { isMade = true; return Promise.resolve() })).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED' })
    expect(isMade).toBe(false)
  })

  it('refuses a slip of its own', async () => {
    await open().add(label('dent'))
    expect(() => { execute('DELETE FROM audit') }).toThrow(/only added to/)
    expect(() => { execute('UPDATE audit SET who = \'nobody\'') }).toThrow(/only added to/)
  })
})

describe('tampering', () => {
  const heads: string[] = []
  let whole: Uint8Array
  beforeAll(async () => {
    const written = join(mkdtempSync(join(tmpdir(), 'goodparts-audit-whole-')), 'audit.sqlite')
    const log = new AuditLog({ path: written })
    for (let i = 1; i <= 9; i++) heads.push((await log.add(label(`dent ${i}`))).hash)
    await log.close()
    whole = readFileSync(written)
    rmSync(dirname(written), { recursive: true })
  })
  beforeEach(() => { writeFileSync(path, whole) })

  it.each([
    ['a changed byte', 'UPDATE audit SET details = replace(details, \'dent 5\', \'dent 6\') WHERE number = 5', 5, /changed/],
    ['another author', 'UPDATE audit SET who = \'role:engineer\' WHERE number = 1', 1, /changed/],
    ['a value moved into its neighbour', 'UPDATE audit SET line = who, who = line WHERE number = 4', 4, /changed/],
    ['a row taken out', 'DELETE FROM audit WHERE number = 6', 6, /missing; entry 7/],
    ['a row taken out and the others moved up', 'DELETE FROM audit WHERE number = 6; UPDATE audit SET number = number - 1 WHERE number > 6', 6, /changed/],
    ['the first taken out', 'DELETE FROM audit WHERE number = 1', 1, /missing; entry 2/],
    ['two rows that changed places', 'UPDATE audit SET number = -3 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 8; UPDATE audit SET number = 8 WHERE number = -3', 3, /changed/],
    ['a row put before the first', 'INSERT INTO audit SELECT 0, time, who, line, kind, details, hash FROM audit WHERE number = 1', 1, /missing; entry 0/]
  ])('is found: %s', (_name, sql, number, reason) => {
    tamper(sql)
    const { broken, entries, head } = reading((file) => file.verify())
    expect(broken).toEqual({ number, reason: expect.stringMatching(reason) as string })
    expect([entries, head]).toEqual([number - 1, heads[number - 2] ?? '0'.repeat(64)])
  })

  it('by a cut-off tail is found by a hash that was noted', () => {
    expect(reading((file) => file.verify(heads[8]))).toMatchObject({ entries: 9, head: heads[8], hasNoted: true })
    tamper('DELETE FROM audit WHERE number > 7')
    expect(reading((file) => file.verify())).toMatchObject({ entries: 7, head: heads[6], broken: null, hasNoted: null })
    expect(reading((file) => file.verify(heads[8]))).toMatchObject({ broken: null, hasNoted: false })
    expect(reading((file) => file.verify(heads[2]))).toMatchObject({ hasNoted: true })
  })
})

describe('a process that is killed', () => {
  it('leaves every entry that was acknowledged, in a whole chain that goes on', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'auditing-process.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const acknowledged: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line)
      if (acknowledged.length === 21) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

    const { broken, entries } = reading((file) => file.verify())
    expect(broken).toBeNull()
    expect(entries).toBeGreaterThanOrEqual(acknowledged.length)
    const there = new Set(reading((file) => file.last(10_000)).map(({ number, hash }) => `${number} ${hash}`))
    expect(acknowledged.filter((line) => !there.has(line))).toEqual([])
    expect(await open().add(label('after'))).toMatchObject({ number: entries + 1 })
    expect(reading((file) => file.verify())).toMatchObject({ entries: entries + 1, broken: null })
  })
})

it('names a file that is not there', () => {
  expect(() => new AuditFile(path)).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT' }))
})
