import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, renameSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { BundleHistory } from '../../engine/continual/detector-update/bundle-history.ts'
import { ExemplarStore } from '../../engine/continual/exemplar-store.ts'
import { LabelInbox, type PictureLabel } from '../../engine/continual/label-inbox.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { memoryOf } from './stored-memory.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-exemplars-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

const disk = mountSmallDisk('2m')
afterAll(() => { disk?.end() })

const opened = (bounds: { items?: number, bytes?: number } = {}): ExemplarStore => new ExemplarStore({ folder, items: 100, bytes: 1e9, ...bounds })
const good: PictureLabel = { product: 'plate', label: 'good', partId: null, by: 'person', pValue: 0.4, inDrift: false }

// What is made there is not there after: Node's recursive mkdir tries for ever.
const unusable = '/proc/goodparts/line'

it.runIf(existsSync('/proc/self'))('a folder that cannot be made is refused, of the memory, of the inbox and of the bundles', async () => {
  const refusal = expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED', message: expect.stringMatching(/\/proc\/goodparts/) as string }) as Error
  expect(() => new ExemplarStore({ folder: unusable, items: 1, bytes: 1 })).toThrow(refusal)
  expect(() => new LabelInbox(unusable, { items: 1, bytes: 1 })).toThrow(refusal)
  const [bundle, line] = [await brightnessBundle(), join(folder, 'line.onnx')]
  await saveBundle(line, bundle)
  await expect(new BundleHistory(unusable).keep(line)).rejects.toThrow(refusal)
})

describe('the exemplar store', () => {
  it('gives a memory back as it was, to another opener', () => {
    const first = opened()
    const memory = memoryOf('even', 30, first.pictures)
    first.replace(memory)
    first.close()
    const second = opened()
    expect(second.read()).toEqual(memory)
    second.close()
  })

  it('keeps the pictures of its exemplars, each once, and no others', () => {
    const store = opened()
    store.replace(memoryOf('even', 10, store.pictures))
    store.replace(memoryOf('even', 10, store.pictures))
    const { exemplars } = memoryOf('odd', 6, store.pictures)
    store.replace({ exemplars, seen: {} })
    expect(readdirSync(store.pictures.folder).toSorted()).toEqual(exemplars.map(({ id }) => `${id}.img`).toSorted())
    store.close()
  })

  it('refuses what is beyond its bounds or has no picture, and stays as it was', () => {
    const store = opened({ items: 20, bytes: 50_000 })
    const memory = memoryOf('even', 20, store.pictures)
    store.replace(memory)
    expect(() => { store.replace(memoryOf('odd', 21, store.pictures)) }).toThrow(/at most 20 pictures/)
    expect(() => { store.replace(memoryOf('odd', 20, store.pictures, 3000)) }).toThrow(/50000 bytes, got 20 of 60000/)
    const [lost, ...others] = memoryOf('odd', 20, store.pictures).exemplars
    rmSync(store.pictures.path(lost!.id))
    expect(() => { store.replace({ exemplars: [lost!, ...others], seen: {} }) }).toThrow(/picture of exemplar/)
    expect(store.read()).toEqual(memory)
    store.close()
  })

  it('leaves an exemplar out whose picture was changed', () => {
    const store = opened()
    const memory = memoryOf('even', 5, store.pictures)
    store.replace(memory)
    writeFileSync(store.pictures.path(memory.exemplars[2]!.id), 'something else')
    expect(store.read().exemplars.map(({ id }) => id)).toEqual(memory.exemplars.filter((_, index) => index !== 2).map(({ id }) => id))
    store.close()
  })

  it.each([3, 17, 40])('killed after %i exchanges holds one memory or the other, whole', async (exchanges) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'replacing-process.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let lines = 0
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        lines += data.toString().split('\n').length - 1
        if (lines >= exchanges) child.kill('SIGKILL')
      })
      child.once('close', () => { resolve() })
    })
    const store = opened()
    const { exemplars, seen } = store.read()
    expect(exemplars).toHaveLength(40)
    expect(new Set(exemplars.map(({ label }) => label)).size).toBe(1)
    expect(Object.keys(seen)).toEqual([exemplars[0]!.label])
    expect(readdirSync(store.pictures.folder)).toHaveLength(40)
    store.close()
  })
})

describe.skipIf(disk === null)('the exemplar store on a full disk', () => {
  it('refuses another memory, keeps the one it has and goes on when there is room', () => {
    const place = join(disk!.path, 'memory')
    const store = new ExemplarStore({ folder: place, items: 100, bytes: 1e9 })
    const memory = memoryOf('even', 20, store.pictures, 20_000)
    store.replace(memory)
    const filler = join(disk!.path, 'filler')
    let chunk = 0
    const fill = (): void => { for (;;) writeFileSync(`${filler}${chunk++}`, Buffer.alloc(4096)) }
    expect(fill).toThrow(/ENOSPC/)
    expect(() => { store.replace(memoryOf('odd', 20, store.pictures, 20_000)) }).toThrow(expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED' }) as Error)
    expect(store.read()).toEqual(memory)
    expect(readdirSync(store.pictures.folder).filter((name) => name.endsWith('.part'))).toEqual([])
    for (let i = 0; i < chunk; i++) rmSync(`${filler}${i}`, { force: true })
    const next = memoryOf('odd', 20, store.pictures, 20_000)
    store.replace(next)
    expect(store.read()).toEqual(next)
    store.close()
  })
})

describe('the inbox of labels', () => {
  const inbox = (bounds = { items: 100, bytes: 1e9 }): LabelInbox => new LabelInbox(folder, bounds)

  it.each(['setAside', 'remove'] as const)('keeps a second word and its picture whenever an update takes the first in (%s)', async (taking) => {
    for (let i = 0; i < 60; i++) {
      const [line, update] = [inbox(), inbox()]
      const picture = Buffer.from(`part ${i}`)
      const first = await line.add(picture, good)
      update.refresh()
      const second = line.add(picture, { ...good, label: 'scratch' })
      for (const begun = performance.now(); performance.now() < begun + i / 20;) await new Promise((resolve) => { setImmediate(resolve) })
      if (taking === 'setAside') update.setAside([first], `update-${i}`)
      else update.remove([first])
      const { sha256 } = await second
      expect(inbox().waiting.filter((each) => each.sha256 === sha256), `round ${i}`).toMatchObject([{ label: 'scratch' }])
      expect(inbox().pictures.read(sha256), `round ${i}`).toEqual(picture)
      inbox().remove(inbox().waiting)
    }
  })

  it('gives a word back that came between the look at the label and its renaming, also where that was cut off', async () => {
    const [line, update] = [inbox(), inbox()]
    const first = await line.add(Buffer.from('part'), good)
    const second = await line.add(Buffer.from('part'), { ...good, label: 'scratch' })
    const [label, aside] = [join(folder, 'labels', `${first.sha256}.json`), join(folder, 'aside', 'update-1')]
    mkdirSync(aside, { recursive: true })
    renameSync(label, join(aside, basename(label)))
    for (let again = 0; again < 2; again++) {
      update.setAside([first], 'update-1')
      expect(inbox().waiting).toEqual([second])
      expect(JSON.parse(readFileSync(join(aside, basename(label)), 'utf8'))).toEqual(first)
      expect(inbox().pictures.read(first.sha256)).toEqual(Buffer.from('part'))
    }
  })

  it('keeps labels over a restart until an update has taken them in', async () => {
    const first = inbox()
    const one = await first.add(Buffer.from('one'), good)
    const two = await first.add(Buffer.from('two'), { ...good, label: 'scratch' })
    expect(inbox().waiting.toSorted((a, b) => a.label < b.label ? -1 : 1)).toEqual([one, two])
    first.remove([one])
    expect(inbox().waiting).toEqual([two])
    expect(inbox().pictures.read(one.sha256)).toBeNull()
  })

  it('takes the later label of the same picture', async () => {
    const labels = inbox()
    await labels.add(Buffer.from('one'), good)
    await labels.add(Buffer.from('one'), { ...good, label: 'scratch' })
    expect(inbox().waiting).toMatchObject([{ label: 'scratch' }])
  })

  it('is bounded in pictures and bytes', async () => {
    const few = inbox({ items: 2, bytes: 1e9 })
    await few.add(Buffer.from('one'), good)
    await few.add(Buffer.from('two'), good)
    await expect(few.add(Buffer.from('three'), good)).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
    const small = inbox({ items: 100, bytes: 10 })
    await expect(small.add(Buffer.alloc(20), good)).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  })

  it('is bounded for labels that come at the same time', async () => {
    const endsOf = async (labels: LabelInbox, count: number): Promise<string[]> => {
      const ends = await Promise.allSettled(Array.from({ length: count }, async (_, index) => labels.add(Buffer.from(`picture ${index % 20}`.padEnd(12)), good)))
      return ends.map((end) => end.status === 'fulfilled' ? 'kept' : (end.reason as { code: string }).code).sort()
    }
    const full = 'GOODPARTS_QUEUE_FULL'
    const few = inbox({ items: 5, bytes: 1e9 })
    // Each of the five comes twice.
    expect(await endsOf(few, 40)).toEqual([...Array<string>(30).fill(full), ...Array<string>(10).fill('kept')])
    expect(few.waiting).toHaveLength(5)
    rmSync(folder, { recursive: true })
    const small = inbox({ items: 100, bytes: 40 })
    expect(await endsOf(small, 20)).toEqual([...Array<string>(17).fill(full), 'kept', 'kept', 'kept'])
    expect(small.bytes).toBe(36)
    // What was refused holds no place.
    small.remove(small.waiting)
    expect(await endsOf(small, 3)).toEqual(['kept', 'kept', 'kept'])
  })

  it('looks again at what other processes took out and put back, while labels come', async () => {
    const labels = inbox()
    const one = await labels.add(Buffer.from('one'), good)
    const two = await labels.add(Buffer.from('two'), good)
    inbox().remove([one])
    const three = await inbox().add(Buffer.from('three'), good)
    const [four] = await Promise.all([labels.add(Buffer.from('four'), good), labels.refreshInTurn()])
    const again = labels.add(Buffer.from('two'), { ...good, label: 'scratch' })
    await labels.refreshInTurn()
    expect(labels.waiting.map(({ sha256 }) => sha256).sort()).toEqual([two, three, four].map(({ sha256 }) => sha256).sort())
    await again
    expect(labels.waiting.find(({ sha256 }) => sha256 === two.sha256)).toMatchObject({ label: 'scratch' })
  })

  it('keeps a label that cannot be read now, and its picture', async () => {
    const labels = inbox()
    const one = await labels.add(Buffer.from('one'), good)
    const path = join(folder, 'labels', `${one.sha256}.json`)
    renameSync(path, join(folder, 'elsewhere'))
    symlinkSync(path, path)
    expect(() => new LabelInbox(folder, { items: 100, bytes: 1e9 }, { tidy: true })).toThrow(expect.objectContaining({ code: 'GOODPARTS_STORE_FAILED', message: expect.stringContaining(path) as string }) as Error)
    renameSync(join(folder, 'elsewhere'), path)
    expect(inbox().waiting).toEqual([one])
    expect(inbox().pictures.read(one.sha256)).toEqual(Buffer.from('one'))
  })

  it('tidies up what a crash has left between picture and label', async () => {
    const labels = inbox()
    labels.pictures.add(Buffer.from('a picture without a label'))
    const { sha256 } = await labels.add(Buffer.from('one'), good)
    rmSync(labels.pictures.path(sha256))
    const again = new LabelInbox(folder, { items: 100, bytes: 1e9 }, { tidy: true })
    writeFileSync(join(folder, 'labels', `${sha256}.json`), '{"sha256":')
    expect(again.waiting).toEqual([])
    expect(readdirSync(again.pictures.folder)).toEqual([])
    expect(inbox().waiting).toEqual([])
    expect(readdirSync(join(folder, 'labels'))).toEqual([])
  })
})
