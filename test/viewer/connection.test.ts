import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'playwright-core'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()

describe.skipIf(missing !== null)('the live page in trouble', () => {
  it('keeps one socket however often it tries, and hears every message once', async () => {
    const { url, port } = await opened.serve()
    const sockets: WebSocket[] = []
    const page = await opened.visit(url, { socket: (socket) => { sockets.push(socket) } })
    await page.locator('.state[data-state="connected"]').waitFor()
    const held: Array<() => void> = []
    await page.route('**/api/tickets', async (route) => {
      await new Promise<void>((resolve) => { held.push(resolve) })
      await route.continue()
    })
    await opened.server.stop()
    await page.locator('.state[data-state="reconnecting"]').waitFor()
    await opened.serve({ port })
    sockets.length = 0
    for (let attempt = 1; attempt <= 3; attempt++) {
      await page.evaluate('window.dispatchEvent(new Event("online"))')
      await expect.poll(() => held.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(attempt)
    }
    for (const go of held) go()
    await page.locator('.state[data-state="connected"]').waitFor()
    opened.server.publish((await openSampleLine('a')).next())
    await page.locator('.tile:nth-child(3) output', { hasText: '1' }).waitFor()
    expect(sockets.filter((socket) => !socket.isClosed())).toHaveLength(1)
    expect(opened.server.viewers).toBe(1)
  })

  it('opens where the browser keeps nothing and the token is written wrongly', async () => {
    const { url } = await opened.serve({ tokens: { viewer: '100%' } })
    const page = await opened.visit(`${url}#token=100%`, { script: 'for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get () { throw new DOMException("no", "SecurityError") } })' })
    await page.locator('.state[data-state="connected"]').waitFor()
  })

  it('never shows one part under the name of another', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    let isGone = false
    // From the beginning, so that the browser's own cache answers nothing.
    await page.route('**/api/packets/*', async (route) => { await (isGone ? route.fulfill({ status: 404, body: '{}' }) : route.continue()) })
    const line = await openSampleLine('Plates 1')
    for (let i = 0; i < 2; i++) opened.server.publish(line.nextReject())
    await page.locator('.thumb').nth(1).waitFor()
    await page.locator('.thumb').first().click()
    await expect.poll(async () => opened.colouredPixels('.part-dialog canvas'), { timeout: 10_000 }).toBeGreaterThan(30)
    isGone = true
    await page.keyboard.press('ArrowRight')
    await page.locator('.gone-text:visible').waitFor()
    expect(await opened.colouredPixels('.part-dialog canvas')).toBe(0)
  })
})
