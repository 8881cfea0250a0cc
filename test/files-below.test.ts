import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { filesBelow } from '../engine/files-below.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-files-below-'))
  mkdirSync(join(folder, 'good', 'deep'), { recursive: true })
  for (const name of ['b.png', 'a.txt', 'good/c.png', 'good/deep/d.png']) writeFileSync(join(folder, name), '')
})
afterEach(() => { rmSync(folder, { recursive: true }) })

const isWanted = (path: string): boolean => path.endsWith('.png')

test('lists what is wanted, sorted, in all folders below', async () => {
  expect(await filesBelow(folder, { isWanted })).toEqual(['b.png', 'good/c.png', 'good/deep/d.png'])
})

test('visits a folder behind links once, and never its own parents again', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'goodparts-files-below-'))
  writeFileSync(join(elsewhere, 'e.png'), '')
  symlinkSync(elsewhere, join(folder, 'linked'))
  symlinkSync(elsewhere, join(folder, 'linked again'))
  symlinkSync(folder, join(folder, 'good', 'up'))

  const found = await filesBelow(folder, { isWanted })

  expect(found.filter((path) => path.endsWith('e.png'))).toHaveLength(1)
  expect(found).toHaveLength(4)
  rmSync(elsewhere, { recursive: true })
})

test('ends where there is too much, and when it is told to', async () => {
  await expect(filesBelow(folder, { isWanted, mostEntries: 3 })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  await expect(filesBelow(folder, { isWanted, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})

test('says what is wrong with the folder itself', async () => {
  await expect(filesBelow(join(folder, 'nowhere'), { isWanted })).rejects.toMatchObject({ code: 'ENOENT' })
})
