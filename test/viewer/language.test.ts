import { describe, expect, it } from 'vitest'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()

describe.skipIf(missing !== null)('the live page in a browser', () => {
  it.each(['en-US@posix', 'ko-KR'])('shows a line where the language is called %s', async (language) => {
    const { url } = await opened.serve()
    const page = await opened.visit(url, { script: `Object.defineProperty(Navigator.prototype, 'language', { get: () => ${JSON.stringify(language)} })` })
    opened.server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.line.seen').waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe(language.slice(0, 2))
    expect(await page.evaluate('navigator.language')).toBe(language.replace('@posix', ''))
  })
})
