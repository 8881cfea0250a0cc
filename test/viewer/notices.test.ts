import { describe, expect, it } from 'vitest'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()

describe.skipIf(missing !== null)('the notices of a line', () => {
  it('say why a fit failed until another begins, and lose the bar of one that is cancelled', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const { server } = opened
    server.publish((await openSampleLine('Plates 1')).next())
    const progress = { kind: 'fit-progress', stage: 'collecting', done: 24, total: 60, text: 'collecting 24/60' } as const
    const failure = { kind: 'fit-ended', outcome: 'failed', text: 'Expected 20 good parts, got 3', code: 'GOODPARTS_TOO_FEW_IMAGES', fix: 'Collect more good parts' } as const
    server.notice('Plates 1', progress)
    await page.locator('progress').waitFor()
    server.notice('Plates 1', failure)
    await page.locator('.notice.serious', { hasText: 'Learning failed' }).getByText('Expected 20 good parts, got 3').waitFor()
    expect(await page.locator('progress').count()).toBe(0)
    await page.reload()
    await page.selectOption('#language', 'ko')
    await page.locator('.notice.serious', { hasText: '양품 사진이 너무 적습니다' }).waitFor()
    await opened.screenshot('fit-failed')
    server.notice('Plates 1', progress)
    await page.locator('progress').waitFor()
    expect(await page.locator('.notice.serious').count()).toBe(0)
    server.notice('Plates 1', { ...failure, outcome: 'cancelled' })
    await page.locator('progress').waitFor({ state: 'detached' })
    expect(server.notice('Plates 9', { ...failure, outcome: 'cancelled' })).toBe(false)
  })

  it('tell the warnings of a camera in Korean', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url, { locale: 'ko-KR' })
    opened.server.publish((await openSampleLine('Plates 1')).next())
    const counters = { frames: 0, framesPerSecond: 0, stalls: 0, restarts: 0, dropped: {} }
    opened.server.notice('Plates 1', { schema: 'goodparts.capture-event/1', source: 'camera', at: new Date().toISOString(), counters, kind: 'warning', text: 'Could not decode stream.', code: 'GOODPARTS_CAPTURE_FAILED', fix: null })
    await page.locator('.notice', { hasText: '카메라 경고' }).getByText('영상을 디코딩하지 못했습니다').waitFor()
  })
})
