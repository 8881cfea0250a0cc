import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { openPicture } from '../../engine/frame/open-picture.ts'

const grey = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2, channels: 1 as const }
let root: string
let folder: string
let png: Buffer

beforeAll(async () => {
  png = await encodePng(grey)
  root = await mkdtemp(join(tmpdir(), 'goodparts-picture-'))
  folder = join(root, 'inside')
  await mkdir(join(folder, 'sub'), { recursive: true })
  await writeFile(join(folder, 'sub', 'part.png'), png)
  await writeFile(join(root, 'secret.png'), png)
  await symlink(join(root, 'secret.png'), join(folder, 'link.png'))
})
afterAll(async () => { await rm(root, { recursive: true, force: true }) })

describe('opening a picture', () => {
  test('takes bytes', async () => {
    expect(await openPicture(png, { folder: '' })).toMatchObject({ name: null, image: { width: 3, height: 2, channels: 1, data: Buffer.from(grey.data) } })
  })

  test('takes a data URL', async () => {
    const { image } = await openPicture(`data:image/png;base64,${png.toString('base64')}`, { folder: '' })

    expect([...image.data]).toEqual([...grey.data])
  })

  test('takes a path under the folder, relative or absolute, and names the file', async () => {
    expect((await openPicture('sub/part.png', { folder })).name).toBe('part.png')
    expect((await openPicture(join(folder, 'sub', 'part.png'), { folder })).name).toBe('part.png')
  })

  test('turns grey into colour where asked', async () => {
    const { image } = await openPicture(png, { folder: '', channels: 3 })

    expect(image.channels).toBe(3)
    expect([...image.data.subarray(0, 6)]).toEqual([1, 1, 1, 2, 2, 2])
  })

  test.each(['../secret.png', 'sub/../../secret.png', 'link.png'])('refuses %s, which leads out of the folder', async (path) => {
    await expect(openPicture(path, { folder })).rejects.toMatchObject({ code: 'GOODPARTS_FORBIDDEN' })
  })

  test('refuses an absolute path elsewhere, and every path without a folder', async () => {
    await expect(openPicture(join(root, 'secret.png'), { folder })).rejects.toMatchObject({ code: 'GOODPARTS_FORBIDDEN' })
    await expect(openPicture('sub/part.png', { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_FORBIDDEN' })
  })

  test.each([
    ['text', Buffer.from('no picture at all')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>')],
    ['nothing', Buffer.alloc(0)]
  ])('refuses %s', async (_, content) => {
    await expect(openPicture(content, { folder })).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE' })
  })

  test('refuses a picture that is cut off, a missing file and a folder', async () => {
    await expect(openPicture(png.subarray(0, 60), { folder })).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE' })
    await expect(openPicture('absent.png', { folder })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
    await expect(openPicture('sub', { folder })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })
})
