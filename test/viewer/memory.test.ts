import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { learningLine } from '../../nodes/replay-buffer/learning-line.ts'
import { openFilledReplay, reopenReplay } from '../continual/filled-replay.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()
let folder: string
let replay: LineReplay
let learning: LearningLines

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-memory-page-'))
  replay = await openFilledReplay(folder)
  learning = new LearningLines()
  attach()
})
afterEach(async () => {
  await replay.close()
  rmSync(folder, { recursive: true, force: true })
})

function attach (): void {
  const none = { current: () => undefined, swap: async () => await Promise.reject(new Error('Expected no bundle to be swapped')) }
  learning.attach('Plates 1', learningLine({ id: 'buffer', product: 'plate', line: replay, model: none, show: () => { learning.changed() } }))
}

describe.skipIf(missing !== null)('the memory of a line on the live page', () => {
  it('shows each exemplar with why it is kept, what to look at again and the gate; an operator corrects labels', async () => {
    const { url } = await opened.serve({ learning, tokens: { operator: 'o' } })
    const page = await opened.visit(`${url}#token=o`)
    opened.server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.memory').click()
    await page.locator('[data-list="memory"] .exemplar').nth(2).waitFor()
    expect(await page.locator('.gate-report').innerText()).toContain('65.0 % of known defects rejected')
    expect(await page.locator('.gate tbody').innerText()).toContain('70.0 % → 65.0 %')
    expect(await page.locator('.gate thead').innerText()).toContain('Reject limit')
    expect(await page.locator('.gate tbody').innerText()).toContain('1.300 → 1.200')
    expect(await page.locator('[data-list="memory"] .exemplar').first().innerText()).toMatch(/keeps SNNL[^]*SNNL 0\.20/)
    await expect.poll(async () => page.evaluate('document.querySelector(".exemplar img").naturalWidth'), { timeout: 10_000 }).toBeGreaterThan(10)
    expect(await page.locator('.engineer').isVisible()).toBe(false)
    await opened.screenshot('memory')

    await page.locator('[data-list="relabel"] .card-isGood').click()
    await expect.poll(() => replay.waiting.map(({ label }) => label), { timeout: 10_000 }).toEqual(['good'])
    await page.locator('[data-list="relabel"]').waitFor({ state: 'detached' })
    await page.locator('[data-list="memory"] .exemplar').nth(2).locator('.card-letGo').click()
    await page.locator('.exemplar-next', { hasText: 'Goes with the next update' }).first().waitFor()
    const going = page.locator('[data-list="waiting"] .exemplar', { hasText: 'Goes with the next update' })
    expect(await going.innerText()).toContain('plate')
    expect(await going.locator('.card-letGo').count()).toBe(0)
    const saving = page.waitForEvent('download')
    await page.locator('.memory-exportTable').click()
    expect((await saving).suggestedFilename()).toMatch(/^Plates_1-exemplars\.csv$/)
    const archiving = page.waitForEvent('download')
    await page.locator('.memory-exportPictures').click()
    expect((await archiving).suggestedFilename()).toMatch(/^Plates_1-exemplars\.tar$/)
  })

  it('has the buttons of engineers, in Korean, in the dark and on a phone, with nothing cut off', async () => {
    const { url } = await opened.serve({ learning })
    const page = await opened.visit(url, { locale: 'ko-KR', colorScheme: 'dark', viewport: { width: 360, height: 740 } })
    opened.server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.memory').click()
    await page.locator('.memory-calibrateOnly').waitFor()
    await page.locator('[data-list="memory"] .exemplar').nth(2).waitFor()
    expect(await page.locator('.gate-report').innerText()).toMatch(/plate: 알려진 불량의 65\.0 %만 걸러냄, 이전 70\.0 %[^]*the disk was full/)
    expect(await page.locator('[data-list="relabel"]').innerText()).toContain('같은 묶음의 다른 사진들과 다름')
    expect(await page.locator('[data-list="memory"] .exemplar').first().innerText()).toContain('같은 종류 40장 전체')
    await opened.screenshot('memory-phone')
    expect(await page.evaluate('(() => { const fits = (name) => { const found = document.querySelector(name); return found.scrollWidth <= found.clientWidth }; return [fits(".memory-body"), fits(".gate-report .wide"), document.documentElement.scrollWidth <= 360] })()')).toEqual([true, true, true])
    expect(await page.locator('.gate tbody td .column:visible').count()).toBeGreaterThan(4)
    const failed = new Promise((resolve) => { replay.once('failed', resolve) })
    await page.locator('.memory-calibrateOnly').click()
    await failed
    learning.changed()
    await page.locator('.update-failed', { hasText: '마지막 업데이트가 실패했습니다' }).waitFor()
    await opened.screenshot('memory-failed')
  })

  it('says that an update was taken back, and shows no count where there is nothing to count', async () => {
    writeFileSync(join(folder, 'taken-back.json'), JSON.stringify(new Date().toISOString()))
    writeFileSync(join(folder, 'last-update.json'), JSON.stringify({ ...replay.state.last, relabel: [], endedAt: '2026-01-02T03:04:05Z' }))
    await replay.close()
    replay = await reopenReplay(folder)
    attach()
    const { url } = await opened.serve({ learning })
    const page = await opened.visit(url)
    opened.server.publish((await openSampleLine('Plates 1')).nextReject())
    await page.locator('.memory').click()
    await page.locator('.gate-report .taken-back', { hasText: 'An accepted update was taken back' }).waitFor()
    expect(await page.locator('.gate-report').innerText()).toMatch(/Refused[^]*Jan 2/)
    await opened.screenshot('memory-taken-back')
    expect(await page.locator('.memory-body h3', { hasText: 'To look at again' }).locator('.badge').count()).toBe(0)
  })

  it('names what drifts and says what to do, on the line and in its memory, in English and in Korean', async () => {
    replay.watch({ calibrationScores: Array.from({ length: 60 }, (_, index) => index / 60) })
    const { frame, record } = (await openSampleLine('Plates 1')).next()
    for (let part = 0; part < 60 && replay.state.drift === null; part++) await replay.inspected(frame, { ...record, score: 5 + part })
    const { url } = await opened.serve({ learning })
    const page = await opened.visit(url, { locale: 'ko-KR', viewport: { width: 360, height: 740 } })
    opened.server.publish((await openSampleLine('Plates 1')).nextReject())
    expect(await page.locator('.notice.drift').innerText()).toMatch(/라인 드리프트[^]*점수[^]*다시 보정하세요/)
    expect(await page.evaluate('document.documentElement.scrollWidth <= 360')).toBe(true)
    await opened.screenshot('drift-phone')
    const english = await opened.visit(url)
    await english.locator('.notice.drift').waitFor()
    expect(await english.locator('.notice.drift').innerText()).toMatch(/The line drifts[^]*scores[^]*calibrate anew/)
    await opened.screenshot('drift')
    await english.locator('.memory').click()
    expect(await english.locator('.memory-body [role=status]').innerText()).toContain('in drift (scores): Nothing but the scores has changed so far: label a lot')
    replay.resetDrift()
    learning.changed()
    await english.locator('.notice.drift').waitFor({ state: 'detached' })
  })
})
