import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { AuditLog } from '../../engine/store/audit-log.ts'
import { Database } from '../../engine/store/database.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
let path: string
let log: AuditLog
let hashes: string[]

// Each command is a process of its own, and other tests run meanwhile.
vi.setConfig({ testTimeout: 120_000 })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-audit-cli-'))
  path = join(folder, 'audit.sqlite')
  log = new AuditLog({ path })
  hashes = []
  for (const label of ['good', 'scratch', 'dent']) hashes.push((await log.add({ who: 'role:operator', line: 'line-1', kind: 'label', details: { label } })).hash)
})
afterAll(async () => {
  await log.close()
  rmSync(folder, { recursive: true, force: true })
})

it('lists the newest and verifies while the log is open, names what is broken, and knows a hash that was noted', async () => {
  const json = join(folder, 'entries.json')
  const listed = await runGoodparts(['audit', 'list', path, '--last', '2', '--json', json])
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(/2 .* role:operator +line-1 +label +\{"label":"scratch"\}\n +3 .*dent/)
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject([{ number: 2 }, { number: 3, hash: hashes[2], details: { label: 'dent' } }])

  expect(await runGoodparts(['audit', 'verify', path, '--head', hashes[1]!])).toMatchObject({ code: 0, stdout: `every entry follows from the one before\nentry with hash ${hashes[1]} is there\nwhole entries 3\nhead ${hashes[2]}\n` })

  await log.close()
  new Database(path, { durable: true, access: 'shared', schema: 'DROP TRIGGER audit_no_update; UPDATE audit SET details = \'{"label":"good"}\' WHERE number = 2' }).close()
  const broken = await runGoodparts(['audit', 'verify', path, '--json', '-'])
  expect(broken.code).toBe(1)
  expect(JSON.parse(broken.stdout)).toMatchObject({ isWhole: false, entries: 1, head: hashes[0], broken: { number: 2 } })
  const cut = await runGoodparts(['audit', 'verify', path, '--head', hashes[2]!])
  expect(cut).toMatchObject({ code: 1 })
  expect(cut.stdout).toContain('broken at entry 2: ')
  expect(cut.stdout).toContain('no whole entry has the hash')
})

it('says what is wrong with a file that is none', async () => {
  const other = join(folder, 'text.sqlite')
  writeFileSync(other, 'not a database, though long enough to be looked at as if it were one '.repeat(20))
  for (const [name, code] of [[other, 'GOODPARTS_STORE_FAILED'], [join(folder, 'none.sqlite'), 'GOODPARTS_ARGUMENT']] as const) {
    const { code: status, stderr } = await runGoodparts(['audit', 'verify', name])
    expect(status).toBe(1)
    expect(stderr).toContain(code)
  }
})
