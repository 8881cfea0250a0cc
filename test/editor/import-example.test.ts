/**
 * What an integrator does on the first day, in a real browser: import the example, deploy it, open the live page, see real parts learned,
 * a reject and its heatmap. Uses the built package, as Node-RED does.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareUserDirectory } from '../../cli/demo/user-directory.ts'
import { startNodeRed, untilListening, type NodeRedProcess } from '../../cli/demo/node-red-process.ts'
import { freePort } from '../../scripts/test-kafka.ts'
import { chromiumMissing, startChromium } from '../viewer/chromium.ts'

const missing = chromiumMissing()
if (missing !== null) process.stderr.write(`skipped: the editor in a browser (${missing})\n`)

const pictures = join(import.meta.dirname, '..', '..', 'test-output', 'editor')
const userDir = mkdtempSync(join(tmpdir(), 'goodparts-editor-'))
const example = '01 - Inspect light-guide plates'
let nodeRed: NodeRedProcess | undefined
let browser: Browser
let editor: Page
let livePort = 0
const log: string[] = []

interface EditorNode { type: string, port?: string, changed?: boolean, dirty?: boolean, validationErrors?: string[], status?: { text?: string } }
interface Editor {
  editor: { validateNode: (node: EditorNode) => boolean, edit: (node: EditorNode) => void }
  actions: { invoke: (action: string) => void }
  nodes: { eachConfig: (visit: (node: EditorNode) => void) => void, dirty: (state?: boolean) => boolean, filterNodes: (filter: object) => EditorNode[] }
}
declare const RED: Editor
declare const $: (selector: string) => { typedInput: (property: 'value', value: string) => void }

beforeAll(async () => {
  if (missing !== null) return
  mkdirSync(pictures, { recursive: true })
  const editorPort = await freePort()
  livePort = await freePort()
  const { settingsFile } = prepareUserDirectory(userDir, { editorPort, flow: () => [], renewFlow: true })
  nodeRed = startNodeRed(settingsFile, (line) => { log.push(line) })
  await untilListening(editorPort, AbortSignal.timeout(60_000))
  browser = await startChromium()
  editor = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  await editor.goto(`http://127.0.0.1:${editorPort}/`)
  await editor.locator('#red-ui-workspace-chart').waitFor()
  await editor.locator('#red-ui-palette .red-ui-palette-node', { hasText: 'capture' }).first().waitFor({ state: 'attached' })
}, 120_000)

afterAll(async () => {
  if (missing !== null) return
  await browser.close()
  await nodeRed?.stop()
  rmSync(userDir, { recursive: true, force: true })
})

/** Through the menu, as a person does, onto the live page at `port`: another may be open on this machine already. */
async function importExample (name: string, tab: string, port: number): Promise<void> {
  await editor.evaluate(() => { RED.actions.invoke('core:show-examples-import-dialog') })
  const tree = editor.locator('#red-ui-clipboard-dialog-import-tab-examples .red-ui-treeList-label')
  const packaged = tree.filter({ hasText: '@goodparts/node-red-inspection' })
  await packaged.waitFor()
  if (!await tree.filter({ hasText: name }).isVisible()) await packaged.click()
  await tree.filter({ hasText: name }).click()
  await editor.locator('#red-ui-clipboard-dialog-ok').click()
  await editor.locator('#red-ui-workspace-tabs li', { hasText: tab }).click()
  await editor.evaluate((free) => {
    RED.nodes.eachConfig((node) => { if (node.type === 'goodparts-live-server' && node.changed !== false) Object.assign(node, { port: String(free), changed: true }) })
    RED.nodes.dirty(true)
  }, port)
}

async function deploy (): Promise<void> {
  await editor.locator('#red-ui-header-button-deploy').click()
  await editor.getByText('Successfully deployed').waitFor()
  await editor.getByText('Successfully deployed').waitFor({ state: 'detached' })
}

describe.skipIf(missing !== null)('a first day in the editor', () => {
  it('imports the example from the menu and deploys it', async () => {
    await importExample(example, 'light-guide plates', livePort)
    await deploy()

    expect(await editor.evaluate(() => RED.nodes.dirty())).toBe(false)
  }, 60_000)

  const faults = async (change: object, type = 'goodparts-capture'): Promise<string> => editor.evaluate(({ wrong, type }) => {
    const node = RED.nodes.filterNodes({ type })[0]!
    const kept = { ...node }
    RED.editor.validateNode(Object.assign(node, wrong))
    const found = JSON.stringify(node.validationErrors ?? [])
    RED.editor.validateNode(Object.assign(node, kept))
    return found
  }, { wrong: change, type })

  it('marks a capture node that could not run as it is filled in', async () => {
    await expect.poll(async () => faults({ parameters: { rate: 'fast' } })).toMatch(/rate to be a number from 0\.01 to 1000/)
    expect(await faults({ parameters: { rate: '5' } })).toBe('[]')
    expect(await faults({ source: ' ' })).toContain('source')
    expect(await faults({ source: '', name: '' })).toContain('source')
    expect(await faults({})).toBe('[]')
  }, 30_000)

  it('says why a value of a form is wrong, and goes by what is chosen in the open form', async () => {
    expect(await faults({ budget: '99999', capacity: '' }, 'goodparts-heatmap')).toBe('["Queue: expected a whole number from 1 to 1000","Time: expected a number from 1 to 60000"]')
    expect(await faults({ size: '4096', rate: '200000' }, 'goodparts-fit')).toBe('["Input size: expected a multiple of 16 from 32 to 2048","Frame rate: expected a number from 0 to 100000"]')

    expect(await faults({ model: '' }, 'goodparts-heatmap')).toBe('["Model: expected the model of the score node, which Also by asks"]')
    expect(await faults({ model: '', methods: '' }, 'goodparts-heatmap')).toBe('[]')
    expect(await faults({ model: 'gone', methods: '' }, 'goodparts-heatmap')).toBe('["Model: expected a model that is there and set up"]')
    expect(await faults({}, 'goodparts-heatmap')).toBe('[]')

    await editor.evaluate(() => { RED.editor.edit(RED.nodes.filterNodes({ type: 'goodparts-heatmap' })[0]!) })
    const model = editor.locator('#node-input-model')
    const isModelMarked = async (): Promise<boolean> => model.evaluate((select) => select.classList.contains('input-error'))
    expect(await isModelMarked()).toBe(false)
    await model.selectOption('_ADD_')
    expect(await isModelMarked()).toBe(true)
    await model.hover()
    await editor.getByText('Model: expected the model of the score node, which Also by asks').waitFor()
    await editor.evaluate(() => { $('#node-input-methods').typedInput('value', '') })
    expect(await isModelMarked()).toBe(false)
    await editor.locator('#node-dialog-cancel').click()

    await editor.evaluate(() => { RED.editor.edit(RED.nodes.filterNodes({ type: 'goodparts-fit' })[0]!) })
    const size = editor.locator('#node-input-size')
    const isMarked = async (): Promise<boolean> => size.evaluate((input) => input.classList.contains('input-error'))
    await size.fill('100')
    await size.blur()
    expect(await isMarked()).toBe(true)
    await size.hover()
    await editor.getByText('Input size: expected a multiple of 16 from 32 to 2048').waitFor()
    await editor.locator('#node-input-detector').selectOption('template-difference')
    await expect.poll(isMarked).toBe(false)
    await editor.locator('#node-input-detector').selectOption('distillation')
    await expect.poll(isMarked).toBe(true)
    await editor.locator('#node-dialog-cancel').click()
  }, 30_000)

  it('learns from good parts, then rejects a bad one and shows where on the live page', async () => {
    await untilListening(livePort, AbortSignal.timeout(30_000))
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const frames: number[] = []
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => { frames.push(payload.length) })
    })
    await page.goto(`http://127.0.0.1:${livePort}/`)
    await page.locator('.line.seen').waitFor()
    await page.locator('.banner[data-verdict="reject"]').waitFor({ timeout: 300_000 })
    await page.locator('.thumb').nth(3).waitFor({ timeout: 60_000 })
    await page.screenshot({ path: join(pictures, 'live-page.png') })

    expect(frames.length).toBeGreaterThan(10)

    // The parts are grey, the heatmap is not; each reject in the list has one.
    const coloured = async (): Promise<number> => page.evaluate<number>(`(() => {
      const canvas = document.querySelectorAll('.thumb canvas')[2]
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) count++
      return count
    })()`)
    await expect.poll(coloured, { timeout: 10_000 }).toBeGreaterThan(10)
    await page.locator('#opacity').fill('0')
    await expect.poll(coloured, { timeout: 10_000 }).toBe(0)
    await page.screenshot({ path: join(pictures, 'live-page-without-heatmap.png') })
    await page.locator('#opacity').fill('1')
    await expect.poll(coloured, { timeout: 10_000 }).toBeGreaterThan(10)
    await page.close()
  }, 420_000)

  it('shows on every node of the flow what it does', async () => {
    await expect.poll(async () => editor.evaluate(() => RED.nodes.filterNodes({}).filter((node) => node.type.startsWith('goodparts-')).map((node) => `${node.type}: ${node.status?.text ?? ''}`)))
      .toEqual(expect.arrayContaining([expect.stringMatching(/^goodparts-capture: .*fps/), expect.stringMatching(/^goodparts-score: .*\/s/)]))
    await editor.screenshot({ path: join(pictures, 'editor.png') })

    expect(log.filter((line) => line.includes('[error]'))).toEqual([])
  }, 60_000)

  it('imports a second example beside it, and both lines run on pages of their own', async () => {
    const port = await freePort()
    await importExample('02 - Generated line', 'Generated line', port)
    await deploy()

    await untilListening(port, AbortSignal.timeout(30_000))
    for (const each of [livePort, port]) await expect.poll(async () => (await (await fetch(`http://127.0.0.1:${each}/health`)).json() as { lines: number }).lines, { timeout: 60_000 }).toBe(1)
    expect(await editor.evaluate(() => RED.nodes.filterNodes({}).filter(({ type }) => type === 'goodparts-score').length)).toBe(2)
    expect(log.filter((line) => line.includes('[error]'))).toEqual([])
    await editor.screenshot({ path: join(pictures, 'two-examples.png') })
  }, 120_000)
})
