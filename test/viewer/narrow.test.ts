/** The Korean page on a phone and on a desk: nothing runs out of the screen, and the score keeps its place. */
import { describe, expect, it } from 'vitest'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { HeldExplainer } from '../live/held-explainer.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()

/** What reaches beyond the screen, but for what scrolls by itself. */
const beyond = `[...(document.querySelector('dialog[open]') ?? document.body).querySelectorAll('*')]
  .filter((one) => { const { left, right, width } = one.getBoundingClientRect(); return width > 0 && (left < -1 || right > innerWidth + 1) && one.closest('.wide, .thumbs, .tabs') === null })
  .map((one) => one.tagName + '.' + one.className)`
/** Whether the score stands beside the verdict, not below it, and its words are on one line. */
const scoreBeside = `(() => {
  const [words, score, label] = ['.banner strong', '.banner .score', '.banner .score span'].map((name) => document.querySelector(name).getBoundingClientRect())
  return score.left >= words.right && score.top < words.bottom && label.height < 24
})()`

describe.skipIf(missing !== null).each([[360, 740], [1280, 800]])('the Korean page, %i wide', (width, height) => {
  it('keeps banners, notices and the part dialog within the screen', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url, { locale: 'ko-KR', viewport: { width, height } })
    const line = await openSampleLine('도광판 검사 라인')
    const verdicts: Array<Partial<InspectionRecord>> = [{ verdict: 'good', reason: { code: 'within-limits', text: '' } }, { verdict: 'review', reason: { code: 'above-review-limit', text: '' } }, {}]
    opened.server.notice('도광판 검사 라인', { kind: 'fit-ended', outcome: 'failed', text: 'Expected 20, got 3', code: 'GOODPARTS_TOO_FEW_IMAGES', fix: 'Give more' })
    opened.server.notice('도광판 검사 라인', { schema: 'goodparts.capture-event/1', source: 'camera', at: '2026-01-01T00:00:00.000Z', kind: 'stalled', text: 'no frame for 5 s', code: 'GOODPARTS_CAPTURE_STALLED', fix: 'Check it', counters: { frames: 0, framesPerSecond: 0, stalls: 1, restarts: 0, dropped: {} } })
    for (const change of verdicts) {
      const { frame, record, map } = line.nextReject()
      opened.server.publish({ line: '도광판 검사 라인', frame, map, explaining: 'queue-full', explainer: new HeldExplainer(), weakPromise: { asked: 0.05, promised: 0.077, atMost: 0.22, heldOut: 12, needed: 19 }, record: { ...record, ...change, score: 13.25, partId: 'defect/a-long-name-of-a-part-0009.png' } })
      const verdict = change.verdict ?? 'reject'
      await page.locator(`.banner[data-verdict="${verdict}"]`).waitFor()
      await expect.poll(async () => page.evaluate(scoreBeside)).toBe(true)
      expect(await page.evaluate(beyond)).toEqual([])
      await opened.screenshot(`ko-${width}-${verdict}`)
    }
    await page.locator('.thumb:visible').first().click()
    await page.locator('.ask').waitFor()
    expect(await page.evaluate(beyond)).toEqual([])
    expect(await page.locator('.part-dialog header').innerText()).toContain('도광판')
    await opened.screenshot(`ko-${width}-part`)
    await page.keyboard.press('d')
    await page.locator('#defect-type').fill('긁힘')
    await page.keyboard.press('Enter')
    await page.locator('.said').waitFor()
    expect(await page.evaluate(beyond)).toEqual([])
    // The way out stays in reach.
    await page.evaluate('document.querySelector(".part-dialog").scrollTo(0, 100000)')
    await opened.screenshot(`ko-${width}-word`)
    await page.getByRole('button', { name: '닫기' }).first().click()
    expect(await page.locator('.part-dialog').isVisible()).toBe(false)
  })

  it('keeps the token dialog within the screen', async () => {
    const { url } = await opened.serve({ tokens: { operator: 'o' } })
    const page = await opened.visit(url, { locale: 'ko-KR', viewport: { width, height } })
    await page.locator('#token').fill('x')
    await page.keyboard.press('Enter')
    await page.getByText('이 서버의 토큰이 아닙니다.').waitFor()
    expect(await page.evaluate(beyond)).toEqual([])
    await opened.screenshot(`ko-${width}-token`)
  })
})
