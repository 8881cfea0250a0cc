import { Worker } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import { encodeJpegOnThisThread } from '../../engine/frame/jpeg-on-this-thread.ts'

/** Smooth, so that a JPEG comes near it. */
function picture (channels: 1 | 3): RawImage {
  const [width, height] = [50, 38]
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => 120 + 80 * Math.sin(Math.floor(i / channels) % width / 15 + i % channels))
  return { data, width, height, channels }
}

async function furthest (image: RawImage, jpeg: Uint8Array): Promise<number> {
  const decoded = await decodeImage(jpeg, { channels: image.channels })
  expect([decoded.width, decoded.height, decoded.channels]).toEqual([image.width, image.height, image.channels])
  return Math.max(...decoded.data.map((value, i) => Math.abs(value - (image.data[i] as number))))
}

afterEach(() => {
  vi.doUnmock('@julusian/jpeg-turbo')
  vi.resetModules()
})

test.each([1, 3] as const)('encodes a picture of %i channels, in memory of its own size', async (channels) => {
  const image = picture(channels)

  const jpeg = await encodeJpegOnThisThread(image, 95)

  expect(await furthest(image, jpeg)).toBeLessThan(16)
  expect(jpeg.buffer.byteLength).toBe(jpeg.byteLength)
})

test('takes part of a larger memory, and a coarser quality for less', async () => {
  const { data, ...size } = picture(3)
  const within = new Uint8Array(data.byteLength + 7)
  within.set(data, 7)

  const [fine, coarse] = [await encodeJpegOnThisThread({ ...size, data: within.subarray(7) }, 95), await encodeJpegOnThisThread({ ...size, data: within.subarray(7) }, 20)]

  expect(await furthest({ ...size, data }, fine)).toBeLessThan(16)
  expect(coarse.byteLength).toBeLessThan(fine.byteLength)
})

test('encodes by sharp where libjpeg-turbo is not there', async () => {
  vi.resetModules()
  vi.doMock('@julusian/jpeg-turbo', () => { throw new Error('no binary for this machine') })
  const without = await import('../../engine/frame/jpeg-on-this-thread.ts')
  const image = picture(3)

  expect(await furthest(image, await without.encodeJpegOnThisThread(image, 95))).toBeLessThan(16)
})

test('encodes in several threads, of which some end before others begin', async () => {
  const code = `const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(new URL('../../engine/frame/jpeg-on-this-thread.ts', import.meta.url).href)})
      .then(({ encodeJpegOnThisThread }) => encodeJpegOnThisThread({ data: new Uint8Array(64 * 64 * 3).fill(99), width: 64, height: 64, channels: 3 }, 90))
      .then((jpeg) => { parentPort.postMessage(jpeg) })`
  const encode = async (): Promise<Uint8Array> => await new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true })
    worker.on('error', reject).on('message', (jpeg: Uint8Array) => { worker.terminate().then(() => { resolve(jpeg) }, reject) })
  })

  const first = await Promise.all([encode(), encode()])
  const all = [...first, ...await Promise.all([encode(), encode(), encode()])]

  expect(new Set(all.map((jpeg) => Buffer.from(jpeg).toString('hex'))).size).toBe(1)
  expect((await decodeImage(all[0] as Uint8Array)).width).toBe(64)
})
