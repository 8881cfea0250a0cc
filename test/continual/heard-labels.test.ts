/** Words that are delivered again, and words that are taken back: over updates, rollbacks and starts. */
import { webcrypto } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HeardLabels, mostHeard } from '../../engine/continual/heard-labels.ts'
import { LabelInbox, type PictureLabel } from '../../engine/continual/label-inbox.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-heard-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

/** As the next to open it finds it. */
const inbox = (): LabelInbox => new LabelInbox(folder, { items: 3, bytes: 1e9 }, { tidy: true })
const picture = Buffer.from('part')
const said = (label: string, word?: string): PictureLabel => ({ product: 'plate', label, partId: null, by: 'person', pValue: null, inDrift: false, ...(word === undefined ? {} : { word }) })
const labels = (): string[] => inbox().waiting.map(({ label }) => label)

describe('a word that is delivered again', () => {
  it('changes nothing where another was said since, in any order and over a start', async () => {
    await inbox().add(picture, said('scratch', 'part/labels/0/7'))
    await inbox().add(picture, said('good', 'part/page'))
    await inbox().add(picture, said('scratch', 'part/labels/0/7'))
    expect(inbox().waiting).toMatchObject([{ label: 'good', words: ['part/labels/0/7', 'part/page'] }])
    await inbox().add(picture, said('dent', 'part/labels/0/8'))
    expect(labels()).toEqual(['dent'])
  })

  it('changes nothing where a person has said something without an id since, as at the contact sheet', async () => {
    await inbox().add(picture, said('good', 'part/labels/0/7'))
    await inbox().add(picture, said('scratch'), { confirmed: true })
    await inbox().add(picture, said('good', 'part/labels/0/7'))
    expect(labels()).toEqual(['scratch'])
  })

  it('is the line\'s own: it changes nothing that was said, whether that waits, was learned or was taken back', async () => {
    const own: PictureLabel = { ...said('good'), by: 'line' }
    const scratch = await inbox().add(picture, said('scratch'))
    expect(await inbox().add(picture, own)).toEqual(scratch)
    expect(inbox().waiting).toEqual([scratch])
    inbox().setAside([scratch], 'update-1')
    await inbox().add(picture, own)
    expect(inbox().waiting).toEqual([])
    inbox().forgetAside(new Set())
    await inbox().add(picture, own)
    expect(inbox().waiting).toEqual([])

    const other = Buffer.from('another part')
    const first = await inbox().add(other, said('good', 'part/7'))
    await inbox().withdraw(first.sha256, false)
    await inbox().add(other, own)
    await inbox().add(Buffer.from('a third'), own)
    expect(inbox().waiting).toMatchObject([{ by: 'line' }])
  })

  it('is another where words have no ids and it says something else', async () => {
    await inbox().add(picture, said('good', 'part/'))
    await inbox().add(picture, said('scratch', 'part/'))
    expect(labels()).toEqual(['scratch'])
  })

  it('knows those that come at the same time, in their order whichever hash is ready first', async () => {
    const digest = webcrypto.subtle.digest.bind(webcrypto.subtle)
    const slow = vi.spyOn(webcrypto.subtle, 'digest').mockImplementationOnce(async (...asked) => {
      await new Promise((resolve) => { setTimeout(resolve, 20) })
      return await digest(...asked)
    })
    const one = inbox()
    await Promise.all([one.add(picture, said('scratch', 'part/7')), one.add(picture, said('good', 'part/8')), one.add(picture, said('scratch', 'part/7'))])
    expect(slow).toHaveBeenCalledTimes(3)
    slow.mockRestore()
    expect(inbox().waiting).toMatchObject([{ label: 'good', words: ['part/7', 'part/8'] }])
  })

  it('is not learned again, whether the update can be taken back or not, also where the inbox is full', async () => {
    const first = await inbox().add(picture, said('good', 'part/7'))
    inbox().setAside([first], 'update-1')
    for (const content of ['two', 'three', 'four']) await inbox().add(Buffer.from(content), said('good'))
    expect(await inbox().add(picture, said('good', 'part/7'))).toMatchObject({ label: 'good', words: ['part/7'] })
    inbox().forgetAside(new Set())
    expect(readdirSync(join(folder, 'aside'))).toEqual([])
    await inbox().add(picture, said('good', 'part/7'))
    expect(inbox().waiting).toHaveLength(3)
    expect(inbox().pictures.read(first.sha256)).toBeNull()

    inbox().remove(inbox().waiting)
    await inbox().add(picture, said('scratch', 'part/8'))
    await inbox().add(picture, said('good', 'part/7'))
    expect(labels()).toEqual(['scratch'])
  })

  it('brings nothing back that a person took back, and another does', async () => {
    const one = await inbox().add(picture, said('good', 'part/7'))
    await inbox().withdraw(one.sha256, false)
    await inbox().add(picture, said('good', 'part/7'))
    expect(labels()).toEqual([])
    await inbox().add(picture, said('good', 'part/8'))
    expect(labels()).toEqual(['good'])
  })

  it('waits again with the word that was the last, when several updates are taken back', async () => {
    inbox().setAside([await inbox().add(picture, said('good', 'part/7'))], 'update-1')
    inbox().setAside([await inbox().add(picture, said('scratch', 'part/8'))], 'update-2')
    for (const update of ['update-2', 'update-1']) inbox().takeBack(update)
    expect(labels()).toEqual(['scratch'])
    await inbox().add(picture, said('good', 'part/7'))
    expect(labels()).toEqual(['scratch'])
  })
})

describe('a word that was learned and is taken back', () => {
  it('is not there again after a rollback, until somebody says it anew', async () => {
    const one = await inbox().add(picture, said('good', 'part/7'))
    const { heard } = inbox()
    expect(await heard.learned(one.sha256)).toBeNull()
    await heard.noteLearned('update-1', [one.sha256])
    inbox().setAside([one], 'update-1')
    expect(await heard.learned(one.sha256)).toBe('in-model')
    await inbox().withdraw(one.sha256, true)
    expect(heard.withdrawn).toEqual([one.sha256])
    inbox().takeBack('update-1')
    expect(labels()).toEqual([])
    expect(await heard.learned(one.sha256)).toBeNull()
    await inbox().add(picture, said('good', 'part/7'))
    expect(labels()).toEqual([])
    await inbox().add(picture, said('good', 'part/8'))
    expect(labels()).toEqual(['good'])
    expect(heard.withdrawn).toEqual([])
  })

  it('can be said again where words have no ids', async () => {
    inbox().setAside([await inbox().add(picture, said('good', 'part/'))], 'update-1')
    await inbox().add(picture, said('good', 'part/'))
    expect(labels()).toEqual([])
    const [name] = readdirSync(join(folder, 'aside', 'update-1'))
    await inbox().withdraw(name!.slice(0, 64), true)
    await inbox().add(picture, said('good', 'part/'))
    expect(labels()).toEqual(['good'])
  })

  it('is known to be in the model when the update cannot be taken back any more', async () => {
    const [one, two] = [await inbox().add(picture, said('good', 'part/7')), await inbox().add(Buffer.from('two'), said('good', 'two/8'))]
    await inbox().heard.noteLearned('update-1', [one.sha256])
    inbox().setAside([one, two], 'update-1')
    inbox().forgetAside(new Set(['update-2']))
    expect(await inbox().heard.learned(one.sha256)).toBe('in-model')
    expect(await inbox().heard.learned(two.sha256)).toBe('checked')
    expect(await inbox().heard.learned('../labels')).toBeNull()
  })
})

it('keeps the newest labels that it heard, so many', async () => {
  const heard = new HeardLabels(folder)
  for (let i = 0; i <= mostHeard; i++) writeFileSync(join(folder, 'heard', `${String(i).padStart(64, '0')}.json`), JSON.stringify({ product: 'plate', label: 'good' }))
  const oldest = '5'.padStart(64, '0')
  utimesSync(join(folder, 'heard', `${oldest}.json`), 1, 1)
  inbox().setAside([await inbox().add(picture, said('good', 'part/7'))], 'update-1')
  inbox().forgetAside(new Set())
  expect(readdirSync(join(folder, 'heard'))).toHaveLength(mostHeard)
  expect(await heard.of(oldest)).toEqual([])
  expect(await heard.of('6'.padStart(64, '0'))).toHaveLength(1)
})
