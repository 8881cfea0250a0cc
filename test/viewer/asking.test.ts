/** Asking for explanations at an opened part, and what is said when the server refuses. */
import { describe, expect, it } from 'vitest'
import { GoodpartsError } from '../../engine/errors.ts'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { PageMemory } from '../../engine/live/page-memory.ts'
import { found, HeldExplainer } from '../live/held-explainer.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { live, missing } from './live-page.ts'

const opened = live()

/** A reject that can be explained on request, looked at closer. */
async function openedReject (served: Parameters<typeof opened.serve>[0] = {}): Promise<{ page: Awaited<ReturnType<typeof opened.visit>>, explainer: HeldExplainer, port: number }> {
  const { url, port } = await opened.serve(served)
  const page = await opened.visit(url)
  const explainer = new HeldExplainer()
  opened.server.publish({ ...(await openSampleLine('Plates 1')).nextReject(), explainer })
  await page.locator('.thumb').first().focus()
  await page.keyboard.press('Enter')
  return { page, explainer, port }
}

describe.skipIf(missing !== null)('an opened part', () => {
  it('says beside another method\'s map of a good part that it shows no defect', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const part = (await openSampleLine('Plates 1')).nextReject()
    const record = { ...part.record, verdict: 'good' as const }
    opened.server.publish({ ...part, record })
    await page.getByRole('button', { name: 'Look closer' }).first().click()
    const corner = new AnomalyMap(Float32Array.from({ length: 64 }, (_, i) => i === 0 ? 1 : 0), 8, 8)
    opened.server.explained({ line: 'Plates 1', eventId: record.eventId, methods: [{ method: 'rise', map: corner, regions: [], insertion: null, deletion: null, milliseconds: 12, skipped: '3 of 9 masks' }], without: [], evidence: null })
    await page.locator('.methods option').nth(1).waitFor({ state: 'attached' })
    expect(await page.locator('.coarse').isVisible()).toBe(false)
    await page.locator('.methods').selectOption('rise')
    expect(await page.locator('.coarse').innerText()).toBe('The part was found good: the map shows what comes nearest to a defect. Made of 6 of 9 masks: more Time in the heatmap node makes it finer.')
  })

  it('explains a part when somebody asks for it, by the methods of the line or another, and says when nobody can', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const explainer = new HeldExplainer()
    const line = await openSampleLine('Plates 1')
    const [before, part] = [line.nextReject(), line.nextReject()]
    opened.server.publish(before)
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('No heatmap node with a model explains parts of this line.').waitFor()
    expect(await page.locator('.ask').isVisible()).toBe(false)
    await page.keyboard.press('Escape')

    opened.server.publish({ ...part, explaining: 'queue-full', explainer })
    await page.locator('.thumb').nth(1).waitFor()
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('.explain').getByText('their queue was full').waitFor()
    await expect.poll(async () => page.evaluate('document.querySelector(".part-dialog canvas").width')).toBeGreaterThan(4)
    const byDetector = await opened.colouredPixels('.part-dialog canvas')
    await opened.screenshot('reject-unexplained')
    await page.locator('.ask').click()
    await page.locator('.method-note').getByText('Explaining by other methods …', { exact: true }).waitFor()
    expect(await page.locator('.ask').isVisible()).toBe(false)
    await opened.screenshot('reject-explaining')
    explainer.asked[0]?.resolve(found('layer-cam'))
    await expect.poll(async () => page.locator('.methods').inputValue()).toBe('layer-cam')
    await expect.poll(async () => opened.colouredPixels('.part-dialog canvas')).not.toBe(byDetector)
    expect(await page.locator('.method-note').innerText()).toBe('7 ms')
    expect(await page.locator('.part-dialog header').innerText()).toContain('Explained by')
    expect(await page.getByLabel('Explained by').inputValue()).toBe('layer-cam')

    expect(await page.locator('.methods optgroup option').allInnerTexts()).toEqual(['grad-cam', 'sise'])
    await page.locator('.methods').selectOption('ask:sise')
    await page.locator('.method-note').getByText('Explaining by sise …').waitFor()
    expect(await page.locator('.methods').inputValue()).toBe('ask:sise')
    expect(await page.locator('.methods optgroup option').allInnerTexts()).toEqual(['grad-cam', 'sise …'])
    expect(await page.locator('.methods optgroup option:enabled').count()).toBe(0)
    explainer.asked[1]?.resolve(found('sise'))
    await expect.poll(async () => page.locator('.methods').inputValue()).toBe('sise')
    expect(await page.locator('.methods > option').allInnerTexts()).toEqual(['the detector\'s map', 'layer-cam', 'sise'])
    await opened.screenshot('reject-explained-on-request')

    await page.locator('.methods').selectOption('ask:grad-cam')
    await page.locator('.method-note').getByText('Explaining by grad-cam …').waitFor()
    explainer.obstacleNow = 'another-model'
    explainer.asked[2]?.reject(new GoodpartsError('GOODPARTS_QUEUE_FULL', 'Expected less, got more'))
    await expect.poll(async () => page.locator('.methods option').allInnerTexts()).toEqual(['the detector\'s map', 'layer-cam', 'sise'])
    await page.getByRole('button', { name: 'Older part' }).click()
    await page.getByText('Another model is in use than the one that judged this part.').waitFor()
  })

  it('says that a method failed beside the map of another too, and goes back to that in the list', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const explainer = new HeldExplainer()
    const part = (await openSampleLine('Plates 1')).nextReject()
    opened.server.publish({ ...part, explainer })
    opened.server.explained({ line: 'Plates 1', eventId: part.record.eventId, ...found('sise') })
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('.methods').selectOption('sise')
    const note = page.locator('.method-note')
    await expect.poll(async () => note.innerText()).toBe('7 ms')

    await page.locator('.methods').selectOption('ask:grad-cam')
    await note.getByText('Explaining by grad-cam …').waitFor()
    expect(await page.locator('.methods').inputValue()).toBe('ask:grad-cam')
    explainer.asked[0]?.reject(new Error('it ended with SIGKILL'))
    await expect.poll(async () => note.innerText()).toBe('7 ms · Other methods gave no map. grad-cam: it ended with SIGKILL.')
    expect(await page.locator('.methods').inputValue()).toBe('sise')

    await page.locator('.methods').selectOption('ask:grad-cam')
    await expect.poll(async () => note.innerText()).toBe('7 ms · Explaining by grad-cam …')
    explainer.asked[1]?.resolve(found('grad-cam'))
    await expect.poll(async () => note.innerText()).toBe('7 ms')
    expect(await page.locator('.methods').inputValue()).toBe('grad-cam')
  })

  it('says after a deploy that the line was set up anew, and may be asked again by itself after the next verdict', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const explainer = new HeldExplainer()
    explainer.usual.push('sise')
    const line = await openSampleLine('Plates 1')
    opened.server.publish({ ...line.nextReject(), explainer })
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('.ask').click()
    await page.locator('.method-note').getByText('Explaining by other methods …').waitFor()

    explainer.obstacleNow = 'set-up-anew'
    explainer.asked[0]?.reject(new Error('it ended with SIGKILL'))
    await expect.poll(async () => page.locator('.method-note').innerText()).toBe('Other methods gave no map. layer-cam, sise: the line was set up anew, ask again. The line was set up anew. Its parts can be explained again once it has judged the next one.')
    expect(await page.locator('.ask').isVisible()).toBe(false)

    opened.server.publish({ ...line.nextReject(), explainer: new HeldExplainer() })
    await page.locator('.ask').waitFor()
    expect(await page.locator('.method-note').innerText()).toBe('Other methods gave no map. layer-cam, sise: the line was set up anew, ask again.')
  })

  it('keeps what came of it when an answer from before arrives later', async () => {
    const { page, explainer } = await openedReject()
    await page.locator('.ask').waitFor()
    let [release, hold] = [(): void => {}, (): void => {}]
    const released = new Promise<void>((resolve) => { release = resolve })
    const held = new Promise<void>((resolve) => { hold = resolve })
    await page.route('**/explanations/**', async (route) => {
      const response = await route.fetch()
      if ((await response.text()).includes('"explaining"')) {
        hold()
        await released
      }
      await route.fulfill({ response })
    })
    await page.locator('.ask').click()
    await held
    explainer.asked[0]?.resolve(found('layer-cam'))
    await expect.poll(async () => page.locator('.methods').inputValue()).toBe('layer-cam')

    const arrived = page.waitForResponse('**/explanations/**')
    release()
    await (await arrived).finished()
    await page.waitForTimeout(300)
    expect(await page.locator('.method-note').innerText()).toBe('7 ms')
    expect(await page.locator('.methods').inputValue()).toBe('layer-cam')
  })

  it('asks again what became of an explanation when the server was away', async () => {
    const memory = new PageMemory()
    const { page, explainer, port } = await openedReject({ memory })
    await page.locator('.ask').click()
    await page.locator('.method-note').getByText('Explaining by other methods …').waitFor()

    await opened.server.stop()
    explainer.asked[0]?.resolve(found('layer-cam'))
    await opened.serve({ memory, port })
    await expect.poll(async () => page.locator('.method-note').innerText(), { timeout: 15_000 }).toBe('7 ms')
  })

  it('says that a request was refused at the part that it was of, and at no other', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url)
    const line = await openSampleLine('Plates 1')
    const explainer = new HeldExplainer()
    for (const part of [line.nextReject(), line.nextReject()]) opened.server.publish({ ...part, explaining: 'queue-full', explainer })
    await page.locator('.thumb').nth(1).waitFor()
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    let refuse = (): void => { /* set below */ }
    const refused = new Promise<void>((resolve) => { refuse = resolve })
    await page.route('**/explanations/*', async (route) => {
      if (route.request().method() !== 'POST') {
        await route.continue()
        return
      }
      await refused
      await route.abort()
    })
    await page.locator('.ask').click()
    await page.getByRole('button', { name: 'Older part' }).click()
    await expect.poll(async () => page.locator('.ask').isEnabled()).toBe(true)
    const failed = page.waitForEvent('requestfailed')
    refuse()
    await failed
    await page.waitForTimeout(100)
    expect(await page.locator('.explain .wrong').isVisible()).toBe(false)

    await page.locator('.ask').click()
    await page.locator('.explain .wrong').waitFor()
    await expect.poll(async () => page.locator('.ask').isEnabled()).toBe(true)
  })

  it('says in the language of the page why a request was refused, also when the server is away', async () => {
    const { url } = await opened.serve()
    const page = await opened.visit(url, { locale: 'ko-KR' })
    const line = await openSampleLine('Plates 1')
    const part = line.nextReject()
    opened.server.publish({ ...part, explainer: new HeldExplainer() })
    await page.locator('.thumb').first().focus()
    await page.keyboard.press('Enter')
    // The word is shown as soon as the server tells of it: before the answer to who said it, a key does nothing yet.
    const answered = page.waitForResponse('**/word')
    await page.keyboard.press('g')
    await (await answered).finished()
    await page.locator('.said').waitFor()
    // Another browser is a moment earlier.
    await page.route('**/word', async (route) => {
      await page.evaluate(`fetch('api/lines/Plates%201/parts/${part.record.eventId}/word?', { method: 'DELETE' })`)
      await route.continue()
    }, { times: 1 })
    await page.keyboard.press('u')
    await page.getByText('취소할 것이 없습니다. 이미 취소되었을 수 있습니다.').waitFor()
    await page.route('**/word', async (route) => route.abort())
    await page.keyboard.press('g')
    await page.getByText('라이브 서버가 응답하지 않습니다. 연결이 돌아오면 다시 시도하세요.').waitFor()
  })
})
