/** The live page of a server in a real browser, for one test file: call `live` once, at its top. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Browser, BrowserContextOptions, Page, WebSocket } from 'playwright-core'
import { LiveServer, type LiveServerOptions } from '../../engine/live/server.ts'
import { buildPage, chromiumMissing, startChromium } from './chromium.ts'

const pictures = join(import.meta.dirname, '..', '..', 'test-output', 'live')

export class LivePage {
  browser!: Browser
  page!: Page
  server!: LiveServer
  pageFolder = ''
  trouble: string[] = []

  async serve (options: LiveServerOptions = {}): Promise<{ url: string, port: number }> {
    this.server = new LiveServer({ port: 0, pageFolder: this.pageFolder, ...options })
    return await this.server.start()
  }

  async visit (url: string, { socket, script, ...options }: BrowserContextOptions & { socket?: (socket: WebSocket) => void, script?: string } = {}): Promise<Page> {
    this.page = await this.browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options })
    this.page.setDefaultTimeout(10_000)
    this.page.on('pageerror', (error) => { this.trouble.push(error.message) })
    if (socket !== undefined) this.page.on('websocket', socket)
    if (script !== undefined) await this.page.addInitScript(script)
    await this.page.goto(url)
    return this.page
  }

  /** Pixels of a canvas that are not grey: the parts are grey, the heatmap is not. */
  async colouredPixels (selector: string): Promise<number> {
    return await this.page.evaluate(`(() => {
      const canvas = document.querySelector(${JSON.stringify(selector)})
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) count++
      return count
    })()`)
  }

  async screenshot (name: string): Promise<void> {
    mkdirSync(pictures, { recursive: true })
    await this.page.screenshot({ path: join(pictures, `${name}.png`) })
  }
}

/** Says why the tests are skipped, where there is no browser. */
export const missing = chromiumMissing()
if (missing !== null) process.stdout.write(`skipped: the live page in a browser: ${missing}\n`)

export function live (): LivePage {
  const opened = new LivePage()
  beforeAll(async () => {
    if (missing === null) [opened.browser, opened.pageFolder] = await Promise.all([startChromium(), buildPage()])
  })
  beforeEach(() => { opened.trouble = [] })
  afterEach(async () => {
    if (missing !== null) return
    await opened.page.close()
    await opened.server.stop()
    expect(opened.trouble).toEqual([])
  })
  afterAll(async () => {
    if (missing !== null) return
    await opened.browser.close()
    rmSync(opened.pageFolder, { recursive: true })
  })
  return opened
}
