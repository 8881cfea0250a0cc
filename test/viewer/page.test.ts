import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Browser, Page, WebSocket } from 'playwright-core'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { encodeJpeg } from '../../engine/frame/image-codec.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { buildPage, chromiumMissing, startChromium } from './chromium.ts'

const missing = chromiumMissing()
if (missing !== null) process.stdout.write(`skipped: the live page in a browser: ${missing}\n`)

const pictures = join(import.meta.dirname, '..', '..', 'test-output', 'live')
let browser: Browser
let pageFolder: string
let page: Page
let server: LiveServer
let trouble: string[]

async function serve (options: LiveServerOptions = {}): Promise<{ url: string, port: number }> {
  server = new LiveServer({ port: 0, pageFolder, ...options })
  return await server.start()
}

/** Opens the page; everything that it fetches must come from its own server. */
async function visit (url: string, options: { locale?: string, socket?: (socket: WebSocket) => void } = {}): Promise<void> {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: options.locale ?? 'en-GB' })
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => { trouble.push(error.message) })
  page.on('request', (request) => { if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(new URL(url).origin)) trouble.push(`fetched ${request.url()}`) })
  if (options.socket !== undefined) page.on('websocket', options.socket)
  await page.goto(url)
}

/** Pixels of a canvas that are not grey: the parts are grey, the heatmap is not. */
async function colouredPixels (selector: string): Promise<number> {
  return await page.evaluate(`(() => {
    const canvas = document.querySelector(${JSON.stringify(selector)})
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let count = 0
    for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) count++
    return count
  })()`)
}

/** The page's own policy forbids `eval`, which Playwright's waiting uses. */
async function untilTrue (expression: string): Promise<void> {
  await expect.poll(async () => page.evaluate<boolean>(expression), { timeout: 10_000 }).toBe(true)
}

async function text (selector: string): Promise<string> {
  return await page.locator(selector).first().innerText()
}

async function screenshot (name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

describe.skipIf(missing !== null)('the live page', () => {
  beforeAll(async () => {
    [browser, pageFolder] = await Promise.all([startChromium(), buildPage()])
  })
  beforeEach(() => { trouble = [] })
  afterEach(async () => {
    await page.close()
    await server.stop()
    expect(trouble).toEqual([])
  })
  afterAll(async () => {
    await browser.close()
    rmSync(pageFolder, { recursive: true })
  })

  it('says what to do while there is no line, then shows the line with its picture and figures', async () => {
    const { url } = await serve()
    await visit(url)
    await page.getByText('No line yet').waitFor()
    await screenshot('empty')
    const line = await openSampleLine('Plates 1')
    const part = line.next()
    server.publish(part)
    await page.locator('.line.seen').waitFor()
    expect(await page.locator('.empty').isVisible()).toBe(false)
    expect(await page.evaluate('(() => { const { width, height } = document.querySelector(".picture.live canvas"); return [width, height] })()')).toEqual([part.frame.width, part.frame.height])
    await page.locator('.banner[data-verdict="good"]').waitFor()
    expect(await text('.banner')).toContain('Good')
    for (let i = 0; i < 40; i++) server.publish(line.next())
    await untilTrue('document.querySelector(".shown-rate").innerText.startsWith("showing")')
    await page.locator('.tile:nth-child(3) output', { hasText: '41' }).waitFor()
    await page.locator('.chart canvas').waitFor()
    await screenshot('line')
  })

  it('lets the operator switch among explanations, which come later, and shows a good part beside the reject', async () => {
    const { url } = await serve()
    await visit(url)
    const line = await openSampleLine('Plates 1')
    const late = line.nextReject()
    server.publish({ ...late, explaining: 'queue-full' })
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('their queue was full').waitFor()
    await page.keyboard.press('Escape')
    const part = line.nextReject()
    server.publish({ ...part, explaining: 'explaining' })
    await page.locator('.thumb').nth(1).waitFor()
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await untilTrue('document.querySelector(".part-dialog canvas").width > 4')
    expect(await page.locator('.methods').isVisible()).toBe(false)
    await page.locator('.method-note').getByText('Explaining by other methods …', { exact: true }).waitFor()
    const byDetector = await colouredPixels('.part-dialog canvas')

    const corner = new AnomalyMap(Float32Array.from({ length: 64 }, (_, i) => i === 0 ? 1 : 0), 8, 8)
    const ofDetector = await text('.facts')
    const explained = { regions: [{ box: [0, 0, 8, 8] as [number, number, number, number], areaShare: 1 / 64, peak: 1, zone: 'corner' }], insertion: 0.9, deletion: 0.1, milliseconds: 1234 }
    server.explained({
      line: 'Plates 1',
      eventId: part.record.eventId,
      methods: [{ ...explained, method: 'sise', map: corner, skipped: null }, { ...explained, method: 'rise', map: corner, skipped: '3 of 9 masks' }],
      without: [],
      evidence: { name: '00010.png', jpeg: await encodeJpeg({ ...part.frame.toJSON(), pixels: () => part.frame.pixels() }, 80) }
    })

    await page.locator('.evidence img').waitFor()
    expect(await text('.evidence')).toContain('A good part like it · 00010.png')
    expect(await page.locator('.methods option').allInnerTexts()).toEqual(['the detector\'s map', 'sise', 'rise'])
    await page.locator('.methods').selectOption('rise')
    expect(await text('.coarse')).toBe('Made of 6 of 9 masks: more Time in the heatmap node makes it finer.')
    expect(await text('.facts')).toContain('corner: 1.56 % of the picture, peak 1.00')
    expect(await text('.method-note')).toContain('0.90 is there')
    await expect.poll(async () => colouredPixels('.part-dialog canvas'), { timeout: 10_000 }).not.toBe(byDetector)
    await screenshot('reject-explained')
    expect(await colouredPixels('.part-dialog canvas')).toBeGreaterThan(30)
    await page.locator('.methods').selectOption('')
    expect(await text('.facts')).toBe(ofDetector)
    expect(await page.locator('.coarse').isVisible()).toBe(false)
    await expect.poll(async () => colouredPixels('.part-dialog canvas'), { timeout: 10_000 }).toBe(byDetector)
  })

  it('shows a reject with its heatmap, in the picture, in the list and large', async () => {
    const { url } = await serve()
    await visit(url)
    const line = await openSampleLine('Plates 1')
    server.publish(line.nextReject())
    await page.locator('.banner[data-verdict="reject"]').waitFor()
    expect(await text('.banner')).toContain('Above the reject limit')
    expect(await colouredPixels('.picture.live canvas')).toBeGreaterThan(30)

    await page.locator('.thumb').waitFor()
    await untilTrue('document.querySelector(".thumb canvas").width > 4')
    expect(await colouredPixels('.thumb canvas')).toBeGreaterThan(30)
    await screenshot('reject')

    server.publish(line.nextReject())
    await page.locator('.thumb').nth(1).waitFor()
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await untilTrue('document.querySelector(".part-dialog canvas").width > 4')
    expect(await colouredPixels('.part-dialog canvas')).toBeGreaterThan(30)
    await screenshot('reject-large')
    const newest = await text('.facts')
    await page.keyboard.press('ArrowRight')
    expect(await text('.facts')).not.toBe(newest)
    await page.keyboard.press('Escape')
    expect(await page.locator('.part-dialog').isVisible()).toBe(false)
  })

  it('moves the heatmap by the sliders alone, and tells the server nothing', async () => {
    const { url } = await serve()
    const sent: string[] = []
    const received: string[] = []
    await visit(url, {
      socket: (socket) => {
        socket.on('framesent', ({ payload }) => { sent.push(String(payload)) })
        socket.on('framereceived', ({ payload }) => { received.push(String(payload)) })
      }
    })
    await page.locator('.state[data-state="connected"]').waitFor()
    server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.banner[data-verdict="reject"]').waitFor()
    await untilTrue('document.querySelector(".thumb canvas")?.width > 4')
    const before = await colouredPixels('.picture.live canvas')
    sent.length = received.length = 0

    await page.locator('#opacity').fill('0')
    expect(await colouredPixels('.picture.live canvas')).toBe(0)
    expect(await colouredPixels('.thumb canvas')).toBe(0)
    await page.locator('#opacity').fill('1')
    expect(await colouredPixels('.picture.live canvas')).toBeGreaterThan(before)
    await page.locator('#threshold').fill('0.4')
    expect(await colouredPixels('.picture.live canvas')).toBeGreaterThan(before * 2)
    await page.locator('#heatmap').uncheck()
    expect(await colouredPixels('.picture.live canvas')).toBe(0)

    expect(sent).toEqual([])
    expect(received.filter((message) => !message.includes('"kind":"statistics"'))).toEqual([])
  })

  it('speaks Korean when the browser does, or when asked, and remembers it', async () => {
    const { url } = await serve()
    await visit(url, { locale: 'ko-KR' })
    await page.getByText('아직 라인이 없습니다').waitFor()
    expect(await page.getAttribute('html', 'lang')).toBe('ko')
    await page.selectOption('#language', 'en')
    await page.getByText('No line yet').waitFor()
    const line = await openSampleLine('Plates 1')
    const weakPromise = { asked: 0.05, promised: 1 / 13, atMost: 0.22, heldOut: 12, needed: 19 }
    server.publish({ ...line.nextReject(), weakPromise })
    await page.locator('.banner[data-verdict="reject"]').waitFor()
    await page.getByText('Up to 5 % of good parts to review was asked; 12 held-out good parts can promise 1 in 13 on average, 7.7 %, and 22 % with 95 % confidence. Hold out 19 or more.').waitFor()
    await page.selectOption('#language', 'ko')
    await page.getByText('검증용 양품을 19개 이상 두세요').waitFor()
    expect(await text('.banner')).toContain('불량 한계 초과')
    server.notice('Plates 1', { kind: 'fit-progress', stage: 'trying 384 layer2: coreset', done: 3, total: 9, text: 'trying 384 layer2: coreset 3/9', share: 0.2 })
    await page.getByText('학습 단계: 384 layer2 시험 · 대표 특징 고르기 3/9').waitFor()
    const trouble = { schema: 'goodparts.capture-event/1', source: 'camera', at: new Date().toISOString(), counters: { frames: 0, framesPerSecond: 0, stalls: 0, restarts: 0, dropped: {} } } as const
    server.notice('Plates 1', { ...trouble, kind: 'error', text: 'Expected frames, got none', code: 'GOODPARTS_CAPTURE_STALLED', fix: 'Check the camera' })
    await page.getByText('프레임이 오지 않습니다').waitFor()
    expect(await text('.notices')).not.toContain('Expected')
    server.notice('Plates 1', { ...trouble, kind: 'stopped', text: 'Stopped', code: null, fix: null })
    await page.locator('.notice', { hasText: '카메라 정지' }).waitFor()
    expect(await text('.notices')).not.toContain('Stopped')
    expect(await page.title()).toBe('Goodparts')
    await page.reload()
    await page.locator('.banner[data-verdict="reject"]').waitFor()
    expect(await text('.kinds')).toContain('재확인')
    await page.click('#theme')
    await page.click('#theme')
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark')
    await screenshot('korean-dark')
  })

  it('says that it is not live when the server goes, and comes back with it', async () => {
    const { url, port } = await serve()
    await visit(url)
    const line = await openSampleLine('Plates 1')
    server.publish(line.next())
    await page.locator('.line.seen').waitFor()
    await server.stop()
    await page.locator('.state[data-state="reconnecting"]').waitFor()
    await page.locator('.veil').waitFor()
    await screenshot('not-live')
    await serve({ port })
    await page.locator('.state[data-state="connected"]').waitFor()
    server.publish(line.nextReject())
    await page.locator('.banner[data-verdict="reject"]').waitFor()
    expect(await page.locator('.veil').isVisible()).toBe(false)
  })

  it('lets an operator say what a part is, by keys or buttons, and shows it to others', async () => {
    const { url } = await serve({ tokens: { operator: 'o', viewer: 'v' } })
    await visit(`${url}#token=o`)
    const line = await openSampleLine('Plates 1')
    const part = line.nextReject()
    server.publish(part)
    await page.locator('.thumb').first().click()
    await page.locator('.word-sayGood').waitFor()
    await page.keyboard.press('g')
    await page.locator('.said', { hasText: 'Said to be fine' }).waitFor()
    await page.locator('.thumb-word').waitFor()
    await screenshot('said-good')

    const other = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'ko-KR' })
    await other.goto(`${url}#token=v`)
    await other.locator('.thumb').first().click()
    await other.locator('.said', { hasText: '사람이 양품으로 판단' }).waitFor()
    expect(await other.locator('.word-buttons button:visible').count()).toBe(0)

    await page.keyboard.press('d')
    await page.locator('#defect-type').fill('scratch')
    await page.keyboard.press('Enter')
    await page.locator('.said', { hasText: 'scratch' }).waitFor()
    await other.locator('.said', { hasText: 'scratch' }).waitFor()
    await page.keyboard.press('u')
    await page.locator('.said').waitFor({ state: 'hidden' })
    await other.locator('.said').waitFor({ state: 'hidden' })
    await other.close()
  })

  it('holds the good part on the screen on a click, so that it can be called a defect while the line goes on', async () => {
    const { url } = await serve()
    await visit(url)
    const line = await openSampleLine('Plates 1')
    const part = line.next()
    server.publish(part)
    await page.locator('.banner[data-verdict="good"]').waitFor()
    await page.locator('.look').click()
    await page.locator('.part-dialog[open] .verdict-text[data-verdict="good"]').waitFor()
    server.publish(line.nextReject())
    await page.locator('.word-sayDefect').click()
    await page.locator('#defect-type').fill('white spot')
    await page.keyboard.press('Enter')
    await page.locator('.said', { hasText: 'white spot' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.kinds [data-kind="labelled"]').click()
    expect(await page.locator('.thumb:visible').count()).toBe(1)
    await screenshot('labelled')
  })

  it('says so on a phone in the dark, in Korean, with nothing cut off', async () => {
    const { url } = await serve()
    await visit(url, { locale: 'ko-KR' })
    await page.setViewportSize({ width: 360, height: 740 })
    await page.emulateMedia({ colorScheme: 'dark' })
    server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.thumb').first().click()
    await page.keyboard.press('d')
    await page.locator('#defect-type').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    expect(await page.evaluate('document.querySelector(".part-dialog").scrollWidth <= document.querySelector(".part-dialog").clientWidth')).toBe(true)
    await screenshot('words-phone')
  })

  it('shows the rejects of before after a restart, and says that it counts anew', async () => {
    const history = { path: join(mkdtempSync(join(tmpdir(), 'goodparts-page-')), 'live.sqlite') }
    try {
      const { port } = await serve({ history })
      const line = await openSampleLine('Plates 1')
      const { record, ...part } = line.nextReject()
      server.publish({ ...part, record: { ...record, times: { ...record.times, captured: new Date(Date.now() - 36 * 3600 * 1000).toISOString() } } })
      await server.stop()
      const { url } = await serve({ history, port })
      await visit(url)
      await page.locator('.thumb').waitFor()
      await untilTrue('document.querySelector(".thumb canvas").width > 4')
      expect(await colouredPixels('.thumb canvas')).toBeGreaterThan(30)
      expect(await text('.thumb time')).toMatch(/^(\d+ \w{3}|\w{3} \d+) \d\d:\d\d:\d\d$/)
      expect(await text('.share-legend')).toContain('since server start')
      expect(await text('.tile:nth-child(3) output')).toBe('0')
      await screenshot('restarted')
    } finally {
      rmSync(dirname(history.path), { recursive: true, force: true })
    }
  })

  it('asks for the token, says when it is wrong, and takes it from the address for wall displays', async () => {
    const { url } = await serve({ tokens: { viewer: 'see it' } })
    await visit(url)
    await page.locator('#token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('That is not the token').waitFor()
    await page.locator('#token').fill('see it')
    await page.keyboard.press('Enter')
    await page.getByText('No line yet').waitFor()
    server.publish((await openSampleLine('a')).nextReject())
    await page.locator('.thumb').waitFor()
    await untilTrue('document.querySelector(".thumb canvas").width > 4')
    await page.close()

    await visit(`${url}#token=see%20it`)
    await page.locator('.line.seen').waitFor()
    expect(page.url()).toBe(url)
  })

  it('shows several lines, and one of them large, with notices of learning and cameras', async () => {
    const memory = new PageMemory({ areLinesClaimed: true })
    const { url } = await serve({ memory })
    const lines = await Promise.all(['Plates 1', 'Plates 2'].map(async (name, seed) => openSampleLine(name, { seed })))
    await visit(url)
    for (let i = 0; i < 20; i++) for (const line of lines) server.publish(line.next())
    server.notice('Plates 3', { kind: 'fit-progress', stage: 'collecting', done: 24, total: 60, text: 'collecting 24/60' })
    await page.locator('.line.seen').nth(1).waitFor()
    await page.locator('progress').waitFor()
    expect(await page.locator('progress').getAttribute('value')).toBe('0.4')
    expect(await text('.learning')).toContain('24 of 60 good parts collected')
    server.notice('Plates 3', { kind: 'fit-progress', stage: 'coreset', done: 3, total: 9, text: 'coreset 3/9' })
    await page.getByText('Fitting: coreset 3/9').waitFor()
    expect(await page.locator('progress').getAttribute('value')).toBeNull()
    server.notice('Plates 3', { kind: 'fit-progress', stage: 'coreset', done: 9, total: 9, text: 'coreset 9/9', share: 0.435 })
    await page.getByText('Fitting: coreset 9/9').waitFor()
    expect(await page.locator('progress').getAttribute('value')).toBe('0.435')
    expect(await text('.learning')).toContain('43 %')
    await page.locator('.tile output', { hasText: '/s' }).first().waitFor()
    await screenshot('lines')
    await page.locator('.tabs').getByText('Plates 2').click()
    expect(await page.locator('.line:visible').count()).toBe(1)
    memory.settle(new Map([['node', { named: new Set(['Plates 1', 'Plates 3']), isOpen: false }]]))
    await page.locator('.line:visible').nth(1).waitFor()
    expect(await page.locator('.line:visible').count()).toBe(2)
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    // Name, state, language and theme in one row.
    expect(await page.evaluate('document.querySelector(".bar").clientHeight')).toBeLessThan(60)
    await page.setViewportSize({ width: 390, height: 844 })
  })
})
