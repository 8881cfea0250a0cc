import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBundle, saveBundle } from '../../../engine/bundle/bundle.ts'
import { isUntold, settle, takeBackTo } from '../../../engine/continual/detector-update/line-change.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { mountSmallDisk } from '../../small-disk.ts'
import { brightnessBundle } from '../../runtime/brightness-bundle.ts'
import { beginLine, placeIn, stateOf, updateOf, type LineState } from './small-update.ts'

// A process for every file that is renamed.
vi.setConfig({ testTimeout: 180_000 })

let folder: string
/** Before and after the update. */
let begun: string
let changed: string
let before: LineState
let after: LineState
const disk = mountSmallDisk('4m')

beforeAll(async () => {
  begun = mkdtempSync(join(tmpdir(), 'goodparts-change-'))
  changed = mkdtempSync(join(tmpdir(), 'goodparts-change-'))
  before = await stateOf(await beginLine(begun))
  cpSync(begun, changed, { recursive: true })
  await updateOf(placeIn(changed))
  after = await stateOf(placeIn(changed))
})
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-change-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })
afterAll(() => {
  disk?.end()
  for (const path of [begun, changed]) rmSync(path, { recursive: true, force: true })
})

/** @returns whether the process was killed */
async function killedAt (kind: 'update' | 'rollback', count: number, when: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [join(import.meta.dirname, 'changing-process.ts'), folder, kind, String(count), when], (error) => {
      if (error !== null && error.signal !== 'SIGKILL') reject(new Error(error.message))
      else resolve(error !== null)
    })
  })
}

/** Rolled back: nothing lies aside any more. */
const goBack = async (path: string): Promise<void> => takeBackTo(placeIn(path), { to: await readBundle(join(path, 'old.onnx')), keepsPresent: true, outcome: (said) => said === null ? null : JSON.parse(said) as object })

describe('an update that is put in use', () => {
  it('changes bundle, memory, labels and what is said', () => {
    expect(before).toMatchObject({ memory: ['before', 'before', 'before'], waiting: ['good', 'remove', 'scratch'], said: null })
    expect(after).toEqual({ bundle: after.bundle, memory: Array(5).fill('after'), waiting: [], said: after.bundle })
    expect(after.bundle).not.toBe(before.bundle)
    expect(isUntold(changed)).toBe(true)
  })

  it('is taken back with all that it changed, however often', async () => {
    cpSync(changed, folder, { recursive: true })
    await goBack(folder)
    expect(await stateOf(placeIn(folder))).toEqual(before)
    await updateOf(placeIn(folder))
    expect(await stateOf(placeIn(folder))).toEqual(after)
    await goBack(folder)
    expect(await stateOf(placeIn(folder))).toEqual(before)
  })

  it('brings back the last word of each picture where several updates are taken back at once', async () => {
    cpSync(changed, folder, { recursive: true })
    const place = placeIn(folder)
    const inbox = new LabelInbox(join(folder, 'inbox'), place.inbox)
    await inbox.add(Buffer.alloc(20_000, 'good'), { product: 'plate', label: 'dent', partId: null, by: 'person', pValue: null, inDrift: false })
    await saveBundle(join(folder, 'new.onnx'), await brightnessBundle({ factor: 0.25 }))
    await updateOf(place)
    expect((await stateOf(place)).waiting).toEqual([])
    await goBack(folder)
    expect(await stateOf(place)).toEqual({ ...before, waiting: ['dent', 'remove', 'scratch'] })
  })

  it('lets what a person says meanwhile wait', async () => {
    cpSync(changed, folder, { recursive: true })
    const picture = Buffer.alloc(20_000, 'good')
    await new LabelInbox(join(folder, 'inbox'), placeIn(folder).inbox).add(picture, { product: 'plate', label: 'dent', partId: null, by: 'person', pValue: null, inDrift: false })
    await goBack(folder)
    expect((await stateOf(placeIn(folder))).waiting).toEqual(['dent', 'remove', 'scratch'])
  })

  it.each(['update', 'rollback'] as const)('%s: killed before or after any of its files, everything is as before or everything is done', async (kind) => {
    const [from, first, last] = kind === 'update' ? [begun, before, after] : [changed, after, before]
    const found = new Set<string>()
    let survived = false
    for (let count = 1; !survived; count++) {
      for (const when of ['before', 'after']) {
        rmSync(folder, { recursive: true })
        cpSync(from, folder, { recursive: true })
        survived = !await killedAt(kind, count, when)
        const settled = settle(placeIn(folder))
        const state = await stateOf(placeIn(folder))
        expect([first, last], `${when} file ${count}, settled: ${settled}`).toContainEqual(state)
        found.add(state.bundle === first.bundle ? 'as before' : settled === 'nothing' ? 'done' : 'ended later')
        expect(settle(placeIn(folder))).toBe('nothing')
        expect(readdirSync(folder).filter((name) => /next|change/.test(name))).toEqual([])
        if (kind === 'update') expect(isUntold(folder)).toBe(state.bundle === last.bundle)
      }
    }
    expect([...found].sort()).toEqual(['as before', 'done', 'ended later'])
    expect(await stateOf(placeIn(folder))).toEqual(last)
  })
})

describe.skipIf(disk === null)('an update that is put in use on a disk that fills', () => {
  it('is in use whole or not at all, with whatever room', async () => {
    const found = new Set<string>()
    for (let room = 0; !found.has('after') && room < 1_000_000; room += 12_288) {
      const place = placeIn(join(disk!.path, `line-${room}`))
      cpSync(begun, place.folder, { recursive: true })
      const { bavail, bsize } = statfsSync(disk!.path)
      const filler = join(disk!.path, 'filler')
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - room)))
      const failed = await updateOf(place).then(() => false, () => true)
      rmSync(filler)
      settle(place)
      const state = await stateOf(place)
      expect(state, `with ${room} bytes`).toEqual(failed ? before : after)
      found.add(failed ? 'before' : 'after')
      expect(existsSync(`${place.bundle}.next`)).toBe(false)
      rmSync(place.folder, { recursive: true })
    }
    expect([...found]).toEqual(['before', 'after'])
  })
})
