import { afterEach, describe, expect, test } from 'vitest'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { PictureThread } from '../../engine/frame/picture-thread.ts'

const grey = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2, channels: 1 as const }

let thread: PictureThread | undefined

function open (capacity: number): PictureThread {
  thread = new PictureThread('test', capacity)
  return thread
}

afterEach(async () => { await thread?.close() })

describe('the picture thread', () => {
  test('gives the pixels in shared memory', async () => {
    const { memory, ...size } = await open(4).open(await encodePng(grey), { folder: '' })

    expect(memory).toBeInstanceOf(SharedArrayBuffer)
    expect([...new Uint8Array(memory)]).toEqual([...grey.data])
    expect(size).toEqual({ width: 3, height: 2, channels: 1, name: null })
  })

  test('leaves the caller\'s bytes with the caller, and takes a view alone', async () => {
    const png = await encodePng(grey)
    const among = Buffer.concat([Buffer.from('before'), png, Buffer.from('after')]).subarray(6, 6 + png.length)

    expect(await open(4).open(among, { folder: '', channels: 3 })).toMatchObject({ channels: 3 })
    expect(among.equals(png)).toBe(true)
  })

  test.each([[7], [null], [{ picture: true }], [() => 1]])('refuses %j', async (content) => {
    await expect(open(4).open(content, { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_ARGUMENT' })
  })

  test('refuses what is too large before it is copied for the thread', async () => {
    // A thread that takes nothing says so to all that reach it.
    const opening = open(0)
    const most = 64 * 1024 * 1024

    await expect(opening.open(new Uint8Array(8), { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
    for (const content of [new Uint8Array(most + 1), `data:image/png;base64,${'A'.repeat(4 / 3 * most + 8)}`]) {
      await expect(opening.open(content, { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE', message: expect.stringContaining(`at most ${most} bytes`) as string })
    }
  })

  test('tells of a bad picture and of a forbidden path by their codes, and goes on', async () => {
    const opening = open(4)

    await expect(opening.open(Buffer.from('no picture at all'), { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE' })
    await expect(opening.open('../secret.png', { folder: '' })).rejects.toMatchObject({ code: 'GOODPARTS_FORBIDDEN' })
    expect(await opening.open(await encodePng(grey), { folder: '' })).toMatchObject({ width: 3 })
  })
})
