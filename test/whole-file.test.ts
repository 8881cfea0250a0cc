import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isUnfinished, writeWhole, writeWholeSync } from '../engine/whole-file.ts'
import { mountSmallDisk } from './small-disk.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-whole-file-')) })
afterEach(() => { rmSync(folder, { recursive: true }) })

it('writes pieces one after another, in the place of what was there, with the rights that are given', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, 'earlier')
  const { ino } = statSync(path)
  await writeWhole(path, ['a ', new Uint8Array([98, 32]), 'c'], 0o100640)
  expect(readFileSync(path, 'utf8')).toBe('a b c')
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(statSync(path).ino).not.toBe(ino)
  writeWholeSync(path, Buffer.from('d'))
  expect(readFileSync(path, 'utf8')).toBe('d')
  expect(readdirSync(folder)).toEqual(['file'])
})

it('gives a reader the whole of one of many that write at once', async () => {
  const path = join(folder, 'file')
  const contents = Array.from({ length: 8 }, (_, writer) => String(writer).repeat(200_000))
  await writeWhole(path, ['earlier'])
  const seen = new Set<string>()
  const writing = Promise.all(contents.map(async (content) => { await writeWhole(path, [content]) })).then(() => 'written')
  const nextTurn = async (): Promise<string> => new Promise((resolve) => { setImmediate(resolve, 'writing') })
  while (await Promise.race([writing, nextTurn()]) === 'writing') seen.add(readFileSync(path, 'utf8'))
  seen.add(readFileSync(path, 'utf8'))
  for (const content of seen) expect(content === 'earlier' || contents.includes(content)).toBe(true)
  expect(readdirSync(folder)).toEqual(['file'])
})

it.each([
  ['in a folder that is not there', join('nowhere', 'file')],
  ['where a folder is', '.']
])('names the file %s, and not the one beside it that is written first', async (_where, name) => {
  const path = join(folder, name)
  const message = new RegExp(`^Expected ${path} to be writable, got: E[A-Z]+: [a-z ]+$`)
  await expect(writeWhole(path, ['a'])).rejects.toThrow(message)
  expect(() => { writeWholeSync(path, Buffer.from('a')) }).toThrow(message)
})

it('leaves the earlier file, and nothing else, where the new one finds no room', async ({ skip }) => {
  const disk = mountSmallDisk('1m')
  if (disk === null) return skip('no small disk')
  try {
    const path = join(disk.path, 'file')
    writeFileSync(path, 'earlier')
    const tooMuch = Buffer.alloc(2 << 20)
    const failure = { code: 'GOODPARTS_STORE_FAILED', message: expect.stringContaining(`Expected ${path} to be writable, got: ENOSPC`) as string, cause: { code: 'ENOSPC' } }
    await expect(writeWhole(path, [tooMuch])).rejects.toMatchObject(failure)
    let thrown: unknown
    try { writeWholeSync(path, tooMuch) } catch (error) { thrown = error }
    expect(thrown).toMatchObject(failure)
    expect(readFileSync(path, 'utf8')).toBe('earlier')
    expect(readdirSync(disk.path)).toEqual(['file'])
  } finally {
    disk.end()
  }
})

it('knows what an end on the way has left of a file, and of no other', () => {
  const id = randomUUID()
  expect([`file.${id}.part`, `file.onnx.${id}.part`, `file.${id}.part.txt`, `other.${id}.part`, 'file', 'file.part'].map((name) => isUnfinished(name, join(folder, 'file')))).toEqual([true, false, false, false, false, false])
})
