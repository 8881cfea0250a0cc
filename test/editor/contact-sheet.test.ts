/**
 * The contact sheet of a replay buffer in the editor of a Node-RED whose users log in: what each may see and do, and an engineer who corrects
 * pictures and takes them along in a real browser. Uses the built package, as Node-RED does.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareUserDirectory } from '../../cli/demo/user-directory.ts'
import { startNodeRed, untilListening, type NodeRedProcess } from '../../cli/demo/node-red-process.ts'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { auditPath } from '../../engine/store/audit-log.ts'
import type { LearningSheet } from '../../schemas/learning.ts'
import { freePort } from '../../scripts/test-kafka.ts'
import { openFilledReplay } from '../continual/filled-replay.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { readAudit } from '../store/read-audit.ts'
import { chromiumMissing, startChromium } from '../viewer/chromium.ts'

const missing = chromiumMissing()
if (missing !== null) process.stderr.write(`skipped: the contact sheet in a browser (${missing})\n`)

const pictures = join(import.meta.dirname, '..', '..', 'test-output', 'editor')
const userDir = mkdtempSync(join(tmpdir(), 'goodparts-editor-sheet-'))
const log: string[] = []
let nodeRed: NodeRedProcess | undefined
let browser: Browser | undefined
let url: string

const flow: object[] = [
  { id: 'flow', type: 'tab', label: 'line' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
  { id: 'buffer', z: 'flow', x: 240, y: 120, type: 'goodparts-replay-buffer', name: 'plates', model: 'model', server: '', line: 'line-1', product: '', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [[], [], []] }
]

/** Users whose passwords are their names. */
const users = `
module.exports.adminAuth = {
  type: 'credentials',
  users: async (username) => ({ reader: { username, permissions: 'read' }, kim: { username, permissions: '*' } })[username] ?? null,
  authenticate: async (username, password) => username === password ? module.exports.adminAuth.users(username) : null
}
`

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  const port = await freePort()
  const { settingsFile } = prepareUserDirectory(userDir, { editorPort: port, flow: () => flow, renewFlow: true })
  appendFileSync(settingsFile, users)
  await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx'), await brightnessBundle())
  await (await openFilledReplay(join(userDir, 'goodparts', 'replay', 'buffer'))).close()
  nodeRed = startNodeRed(settingsFile, (line) => { log.push(line) })
  await untilListening(port, AbortSignal.timeout(60_000))
  url = `http://127.0.0.1:${port}/`
  if (missing === null) browser = await startChromium()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await nodeRed?.stop()
  rmSync(userDir, { recursive: true, force: true })
})

async function tokenOf (user: string): Promise<string> {
  const body = new URLSearchParams({ client_id: 'node-red-editor', grant_type: 'password', scope: '', username: user, password: user })
  const answer = await fetch(new URL('auth/token', url), { method: 'POST', body })
  return (await answer.json() as { access_token: string }).access_token
}

/** Without a user nobody is logged in. */
async function ask (path: string, { user, method = 'GET', body, headers = {} }: { user?: string, method?: string, body?: object, headers?: Record<string, string> } = {}): Promise<Response> {
  return await fetch(new URL(`goodparts/replay-buffer/buffer/${path}`, url), {
    method,
    headers: { ...headers, ...user === undefined ? {} : { Authorization: `Bearer ${await tokenOf(user)}` }, ...body === undefined ? {} : { 'Content-Type': 'application/json' } },
    ...body === undefined ? {} : { body: JSON.stringify(body) }
  })
}

const sheet = async (): Promise<LearningSheet> => {
  const read = async (): Promise<LearningSheet> => await (await ask('exemplars', { user: 'reader' })).json() as LearningSheet
  // The last update is read after the start.
  await expect.poll(async () => (await read()).memory.length, { timeout: 10_000 }).toBe(3)
  return await read()
}
const relabel = (label: string): object => ({ schema: 'goodparts.live/1', kind: 'relabel', product: 'plate', label })
const corrections = (): object[] => readAudit(auditPath(userDir)).filter(({ kind }) => kind.startsWith('exemplar-')).map(({ who, line, kind, details }) => ({ who, line, kind, details }))

/** The editor, logged in, with the replay buffer's dialog open. */
async function openDialog (user: string, { width = 1600, height = 900, locale = 'en-US' } = {}): Promise<Page> {
  const page = await (browser as Browser).newPage({ viewport: { width, height }, locale })
  page.on('pageerror', ({ message }) => { log.push(`[error] ${message}`) })
  await page.goto(url)
  await page.locator('#node-dialog-login-username').fill(user)
  await page.locator('#node-dialog-login-password').fill(user)
  await page.locator('#node-dialog-login-submit').click()
  await page.locator('#red-ui-workspace-chart .red-ui-flow-node').first().waitFor()
  await page.locator('#red-ui-workspace-chart .red-ui-flow-node-status-label').first().waitFor()
  await page.locator('#red-ui-workspace-chart rect.red-ui-flow-node').first().dblclick()
  await page.locator('#goodparts-replay-buffer-sheet').waitFor({ state: 'attached' })
  return page
}

/** Those pictures of a list that are loaded. */
async function loaded (page: Page, list: string): Promise<number> {
  return await page.evaluate<number>(`[...document.querySelectorAll('[data-list="${list}"] img')].filter(({ naturalWidth }) => naturalWidth > 10).length`)
}

describe('who may do what with a contact sheet', () => {
  it('asks for a login, lets readers look and take along, and only writers correct; entered under their name', async () => {
    const { memory, relabel: [asked] } = await sheet()
    const label = `picture/${memory[1]!.sha256}/label`
    for (const path of ['exemplars', 'exemplars.csv', 'exemplars.tar', `picture/${asked!.sha256}`]) {
      expect([path, (await ask(path)).status, (await ask(path, { user: 'reader' })).status]).toEqual([path, 401, 200])
    }
    for (const user of [undefined, 'reader']) {
      const as = user === undefined ? {} : { user }
      expect((await ask(label, { ...as, method: 'PUT', body: relabel('dent') })).status).toBe(401)
      expect((await ask(`picture/${asked!.sha256}`, { ...as, method: 'DELETE' })).status).toBe(401)
    }
    expect((await ask(label, { user: 'kim', method: 'PUT', body: relabel('dent'), headers: { 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403)
    expect((await ask(label, { user: 'kim', method: 'PUT', body: relabel('dent') })).status).toBe(204)
    expect(corrections()).toEqual([{ who: 'editor:kim', line: 'line-1', kind: 'exemplar-relabelled', details: { sha256: memory[1]!.sha256, product: 'plate', label: 'dent' } }])
    expect((await sheet()).waiting.map(({ label: said }) => said)).toContain('plate/dent')
  }, 60_000)
})

describe.skipIf(missing !== null)('the contact sheet in the dialog', () => {
  it('shows each picture with why it was chosen; an engineer relabels one, removes one, says that one is right, and takes all along', async () => {
    const page = await openDialog('kim')
    const memory = page.locator('[data-list="memory"] figure')
    await memory.nth(2).waitFor()
    expect(await page.locator('#goodparts-replay-buffer-state').innerText()).toMatch(/^3 kept, \d waiting\. The last update was refused: plate: 65\.0 %/)
    expect(await memory.first().innerText()).toMatch(/good plate[^]*step 1: keeps SNNL as against all 40[^]*SNNL 0\.20/)
    expect(await loaded(page, 'memory')).toBe(0)
    await memory.first().scrollIntoViewIfNeeded()
    await expect.poll(async () => loaded(page, 'memory'), { timeout: 10_000 }).toBe(3)
    await page.screenshot({ path: join(pictures, 'contact-sheet.png') })

    // The server's words, with what to do; nothing has changed by it.
    await memory.first().locator('.goodparts-sheet-relabel').click()
    expect(await page.locator('#goodparts-replay-buffer-types option').evaluateAll((options) => options.map((option) => option.getAttribute('value')))).toEqual(['good', 'dent', 'scratch'])
    await memory.first().locator('input').fill('remove')
    await memory.first().locator('input').press('Enter')
    await expect.poll(async () => memory.first().locator('[role=alert]').innerText()).toMatch(/^Expected the type of a defect, or good, in 1 to 60 letters without a slash, got "remove"\. Fix: Name it in at most 60 letters/)
    await memory.first().locator('input').fill('glue')
    await memory.first().locator('.goodparts-sheet-save').click()
    await memory.first().locator('.goodparts-sheet-next', { hasText: 'From the next update on: glue' }).waitFor()

    await memory.nth(2).locator('.goodparts-sheet-remove').click()
    await memory.nth(2).locator('.goodparts-sheet-next', { hasText: 'Goes with the next update' }).waitFor()
    const asked = await page.locator('[data-list="relabel"] figure').getAttribute('data-sha256')
    await page.locator('[data-list="relabel"] .goodparts-sheet-right').click()
    await page.locator('[data-list="relabel"]').waitFor({ state: 'detached' })
    const { memory: kept, waiting, relabel: queue } = await sheet()
    expect(queue).toEqual([])
    expect(Object.fromEntries(waiting.map(({ sha256, label }) => [sha256, label]))).toEqual({ [kept[0]!.sha256]: 'plate/glue', [kept[1]!.sha256]: 'plate/dent', [kept[2]!.sha256]: 'plate/remove', [asked!]: 'plate/scratch' })
    expect(corrections().slice(1)).toEqual([
      { who: 'editor:kim', line: 'line-1', kind: 'exemplar-relabelled', details: { sha256: kept[0]!.sha256, product: 'plate', label: 'glue' } },
      { who: 'editor:kim', line: 'line-1', kind: 'exemplar-removed', details: { sha256: kept[2]!.sha256 } },
      { who: 'editor:kim', line: 'line-1', kind: 'exemplar-relabelled', details: { sha256: asked, product: 'plate', label: 'scratch' } }
    ])

    const [table] = await Promise.all([page.waitForEvent('download'), page.locator('.goodparts-sheet-table').click()])
    expect(table.suggestedFilename()).toBe('plates-exemplars.csv')
    const rows = readFileSync(await table.path(), 'utf8').split('\r\n')
    expect(rows[0]).toBe('list,sha256,product,label,place,why,snnl,picture')
    expect(rows.filter((row) => row.startsWith(`waiting,${kept[0]!.sha256},plate,glue,`))).toHaveLength(1)
    const [archive] = await Promise.all([page.waitForEvent('download'), page.locator('.goodparts-sheet-archive').click()])
    expect(archive.suggestedFilename()).toBe('plates-exemplars.tar')
    const listed = execFileSync('tar', ['-tf', await archive.path()], { encoding: 'utf8' }).trim().split('\n')
    expect(listed).toHaveLength(5)
    expect(listed).toEqual(expect.arrayContaining(['exemplars.csv', `plate/glue/${kept[0]!.sha256}.png`, `plate/scratch/${asked!}.png`]))
    const going = page.locator(`[data-list="waiting"] [data-sha256="${kept[2]!.sha256}"]`)
    expect(await going.innerText()).toMatch(/^Goes with the next update plate/)
    expect(await going.locator('.goodparts-sheet-remove').count()).toBe(0)
    await going.scrollIntoViewIfNeeded()
    await page.screenshot({ path: join(pictures, 'contact-sheet-corrected.png') })
    expect(log.filter((line) => line.includes('[error]'))).toEqual([])
    await page.close()
  }, 120_000)

  it('says of a node that is not deployed yet that it keeps nothing, and what to do', async () => {
    const page = await openDialog('kim')
    await page.locator('#node-dialog-cancel').click()
    await page.locator('#goodparts-replay-buffer-sheet').waitFor({ state: 'detached' })
    await page.locator('.red-ui-palette-node[data-palette-type="goodparts-replay-buffer"]').dragTo(page.locator('#red-ui-workspace-chart'), { targetPosition: { x: 500, y: 400 } })
    await page.locator('#red-ui-workspace-chart rect.red-ui-flow-node').nth(1).dblclick()
    await page.locator('#goodparts-replay-buffer-problem', { hasText: 'Not deployed, or disabled' }).waitFor()
    expect(await page.locator('.goodparts-sheet-tools').isVisible()).toBe(false)
    await page.close()
  }, 60_000)

  it('is whole in Korean on a small screen, and offers a reader nothing to change', async () => {
    const page = await openDialog('reader', { width: 1280, height: 800, locale: 'ko-KR' })
    const memory = page.locator('[data-list="memory"] figure')
    await memory.nth(2).waitFor()
    await memory.first().scrollIntoViewIfNeeded()
    expect(await memory.first().innerText()).toContain('1단계: 같은 종류 40장 전체에 대한 SNNL을 유지함')
    expect(await page.locator('#goodparts-replay-buffer-state').innerText()).toMatch(/마지막 갱신이 거부됨: plate: 알려진 불량의 65\.0 %만 걸러냄/)
    await expect.poll(async () => loaded(page, 'memory'), { timeout: 10_000 }).toBe(3)
    await page.screenshot({ path: join(pictures, 'contact-sheet-korean.png') })
    expect(await page.locator('.goodparts-sheet-relabel, .goodparts-sheet-remove').count()).toBe(0)
    expect(await page.evaluate('(() => { const { scrollWidth, clientWidth } = document.querySelector("#goodparts-replay-buffer-sheet"); return scrollWidth <= clientWidth })()')).toBe(true)
    await page.close()
  }, 60_000)
})
