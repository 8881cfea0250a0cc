/** The replay buffer of a line, as people reach it through the live server: a real one, with a real folder. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { LiveServer } from '../../engine/live/server.ts'
import { AuditLog, auditPath } from '../../engine/store/audit-log.ts'
import { validate } from '../../engine/schema-validation.ts'
import { learningLine } from '../../nodes/replay-buffer/learning-line.ts'
import type { LearningSheet } from '../../schemas/learning.ts'
import { readAudit } from '../store/read-audit.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'

let folder: string
let replay: LineReplay
let server: LiveServer
let url: string
let sha256: string
let audit: AuditLog

async function ask (path: string, { method = 'GET', token = 'e', body }: { method?: string, token?: string, body?: object } = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
  return await fetch(new URL(`api/lines/${encodeURIComponent('라인 1')}/learning/${path}`, url), { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

const sheet = async (): Promise<LearningSheet> => validate('learning', await (await ask('exemplars', { token: 'v' })).json())
const relabel = (label: string): object => ({ schema: 'goodparts.live/1', kind: 'relabel', product: 'plate', label })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-learning-routes-'))
  const request = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 40, bytes: 1e9 }, inbox: { items: 200, bytes: 1e9 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 } as const
  replay = new LineReplay({ request, updateAfter: 0, learnFromLineEveryMs: null, driftRate: 0.001 })
  audit = new AuditLog({ path: auditPath(folder) })
  const learning = new LearningLines({ audit })
  const none = { current: () => undefined, swap: async () => await Promise.reject(new Error('Expected no bundle to be swapped')) }
  learning.attach('라인 1', learningLine({ id: 'buffer', product: 'plate', line: replay, model: none, show: () => { learning.changed() } }))
  server = new LiveServer({ port: 0, learning, tokens: { viewer: 'v', operator: 'o', engineer: 'e' } })
  url = (await server.start()).url
  sha256 = await replay.labelPicture(await encodePng({ data: new Uint8Array(16 * 16).fill(120), width: 16, height: 16, channels: 1 }, 1), { product: 'plate', label: '=cmd|good', partId: null, by: 'person' }, null)
})
afterEach(async () => {
  await server.stop()
  await replay.close()
  await audit.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the memory of a line', () => {
  it('is shown to everybody with its pictures, and as a table that no spreadsheet runs', async () => {
    expect((await sheet()).waiting).toEqual([{ sha256, label: 'plate/=cmd|good', place: 'inbox', text: 'by a person', snnl: null }])
    const picture = await ask(`pictures/${sha256}`, { token: 'v' })
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect((await picture.arrayBuffer()).byteLength).toBe((await replay.picture(sha256))?.byteLength)
    const table = await (await ask('exemplars.csv', { token: 'v' })).text()
    expect(table.split('\r\n')).toEqual(['list,sha256,product,label,place,why,snnl,picture', expect.stringMatching(`^waiting,${sha256},plate,'=cmd\\|good,inbox,by a person,,api/lines/.+/pictures/${sha256}$`), ''])
    expect((await ask(`pictures/${'0'.repeat(64)}`)).status).toBe(404)
    expect((await ask('exemplars', { token: 'x' })).status).toBe(401)
  })

  it('is taken along as one archive: every picture in the folder of its word, and the table that says where', async () => {
    await replay.labelPicture(await encodePng({ data: new Uint8Array(16 * 16).fill(90), width: 16, height: 16, channels: 1 }, 1), { product: '..', label: `흠집 ${'ㄱ'.repeat(40)}`, partId: null, by: 'person' }, null)
    const answer = await ask('exemplars.tar', { token: 'v' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-tar'])
    writeFileSync(join(folder, 'exemplars.tar'), Buffer.from(await answer.arrayBuffer()))
    const out = join(folder, 'unpacked')
    mkdirSync(out)
    execFileSync('tar', ['-xf', join(folder, 'exemplars.tar'), '-C', out])
    const [marked = ''] = readdirSync(join(out, 'plate'))
    expect(marked).toMatch(/^=cmd_good~[0-9a-f]{8}$/)
    expect(readFileSync(join(out, 'plate', marked, `${sha256}.png`))).toEqual(Buffer.from((await replay.picture(sha256))!))
    const rows = readFileSync(join(out, 'exemplars.csv'), 'utf8').trimEnd().split('\r\n').slice(1)
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(existsSync(join(out, row.split(',').at(-1)!)), row).toBe(true)
    // A product called ".." stays inside.
    expect(readdirSync(out).toSorted()).toEqual([expect.stringMatching(/^_~[0-9a-f]{8}$/), 'exemplars.csv', 'plate'])
    expect((await ask('exemplars.tar', { token: 'x' })).status).toBe(401)
  })

  it('keeps labels apart that no file system tells apart', async () => {
    const labels = ['a:b', 'a*b', 'a_b', `${'가'.repeat(30)}1`, `${'가'.repeat(30)}2`]
    for (const [index, label] of labels.entries()) await replay.labelPicture(await encodePng({ data: new Uint8Array(16 * 16).fill(index), width: 16, height: 16, channels: 1 }, 1), { product: 'rod', label, partId: null, by: 'person' }, null)
    const rows = (await (await ask('exemplars.tar', { token: 'v' })).text()).split('\r\n').filter((row) => row.includes(',rod,'))
    const folders = rows.map((row) => row.split(',').at(-1)!.split('/')[1]!)
    expect(new Set(folders).size).toBe(labels.length)
    expect(folders).toContain('a_b')
    for (const folder of folders) expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(60)
  })

  it('has products of before, whose names have a slash, split alike in table and archive', async () => {
    await replay.labelPicture(await encodePng({ data: new Uint8Array(16 * 16).fill(3), width: 16, height: 16, channels: 1 }, 1), { product: 'A/B', label: 'scratch', partId: null, by: 'person' }, null)
    const [row = ''] = (await (await ask('exemplars.csv', { token: 'v' })).text()).split('\r\n').filter((each) => each.includes('scratch'))
    expect(row).toContain(',A/B,scratch,')
    expect(await (await ask('exemplars.tar', { token: 'v' })).text()).toMatch(/A_B~[0-9a-f]{8}\/scratch\//)
    const refused = await ask(`pictures/${sha256}/label`, { method: 'PUT', token: 'o', body: { ...relabel('good'), product: 'A/B' } })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('without a slash')
  })

  it('is corrected by operators, whose word is on the disk then', async () => {
    expect((await ask(`pictures/${sha256}/label`, { method: 'PUT', token: 'v', body: relabel('good') })).status).toBe(403)
    expect((await ask(`pictures/${sha256}/label`, { method: 'PUT', token: 'o', body: relabel('remove') })).status).toBe(400)
    expect((await ask(`pictures/${sha256}/label`, { method: 'PUT', token: 'o', body: relabel('good') })).status).toBe(204)
    expect((await sheet()).waiting).toMatchObject([{ sha256, label: 'plate/good' }])
    expect(replay.waiting).toMatchObject([{ label: 'good', by: 'person', confirmed: true }])
    expect((await ask(`pictures/${sha256}`, { method: 'DELETE', token: 'v' })).status).toBe(403)
    expect((await ask(`pictures/${sha256}`, { method: 'DELETE', token: 'o' })).status).toBe(204)
    expect((await sheet()).waiting).toEqual([])
    expect((await ask(`pictures/${sha256}`, { method: 'DELETE', token: 'o' })).status).toBe(404)
  })

  it('is updated by engineers only, and says when there is nothing to take back', async () => {
    const update = { schema: 'goodparts.live/1', kind: 'update', mode: 'recalibrate' }
    for (const [path, method, body] of [['update', 'POST', update], ['update', 'DELETE', undefined], ['rollback', 'POST', undefined]] as const) {
      expect((await ask(path, { method, token: 'o', ...(body === undefined ? {} : { body }) })).status).toBe(403)
    }
    expect((await ask('update', { method: 'POST', body: { ...update, mode: 'everything' } })).status).toBe(400)
    const failed = new Promise<string>((resolve) => { replay.once('failed', ({ code }) => { resolve(code) }) })
    expect((await ask('update', { method: 'POST', body: update })).status).toBe(202)
    expect((await sheet()).state.updating).not.toBeNull()
    expect(await failed).toMatch(/^GOODPARTS_/)
    expect((await ask('update', { method: 'DELETE' })).status).toBe(204)
    expect((await ask('rollback', { method: 'POST' })).status).toBe(404)
    // Who asked for what is on the disk, a rollback that came to nothing too; what was not allowed is not.
    expect(readAudit(auditPath(folder)).map(({ who, line, kind, details }) => ({ who, line, kind, details }))).toEqual([
      { who: 'role:engineer', line: '라인 1', kind: 'update-asked', details: { mode: 'recalibrate', waiting: 1 } },
      { who: 'role:engineer', line: '라인 1', kind: 'update-cancelled', details: {} },
      { who: 'role:engineer', line: '라인 1', kind: 'bundle-rolled-back', details: { to: null } },
      { who: 'role:engineer', line: '라인 1', kind: 'change-failed', details: { entry: 3, code: 'GOODPARTS_NOTHING_TO_TAKE_BACK' } }
    ])
  })
})
