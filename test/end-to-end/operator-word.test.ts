import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LabelInbox } from '../../engine/continual/label-inbox.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { buildPage, chromiumMissing, startChromium } from '../viewer/chromium.ts'

const missing = chromiumMissing()
if (missing !== null) process.stdout.write(`skipped: what an operator says, to the disk: ${missing}\n`)

describe.skipIf(missing !== null)('what an operator says in a browser', () => {
  it('is in the replay buffer, with the pixels that were judged, though the process is killed as soon as the page has it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodparts-operator-word-'))
    const [browser, pageFolder] = await Promise.all([startChromium(), buildPage()])
    const child = fork(join(import.meta.dirname, 'learning-line-process.ts'), [folder, pageFolder], { execArgv: [] })
    try {
      const [url] = await once(child, 'message') as [string]
      const page = await browser.newPage({ locale: 'en-GB' })
      await page.goto(url)
      await page.locator('.thumb').last().click()
      await page.getByText('This one was fine').click()
      await page.locator('.said', { hasText: 'Said to be fine' }).waitFor()
      child.kill('SIGKILL')
      await once(child, 'exit')

      const inbox = new LabelInbox(join(folder, 'inbox'), { items: 10, bytes: 1e9 })
      const part = (await openSampleLine('Plates 1')).nextReject()
      expect(inbox.waiting).toMatchObject([{ label: 'good', product: 'light-guide-plate', partId: part.record.partId, by: 'person' }])
      const picture = inbox.pictures.read(inbox.waiting[0]?.sha256 ?? '')
      expect(Buffer.from((await decodeImage(picture as Uint8Array)).data).equals(part.frame.pixels())).toBe(true)
    } finally {
      child.kill('SIGKILL')
      await browser.close()
      for (const used of [folder, pageFolder]) rmSync(used, { recursive: true, force: true })
    }
  })
})
