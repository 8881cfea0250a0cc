import { expect, it } from 'vitest'
import type { LabelledPicture } from '../../../engine/continual/protocol/embedded-pictures.ts'
import { pixelPictures } from '../../../engine/continual/protocol/pixel-pictures.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'

function picture (image: RawImage): LabelledPicture {
  return { id: 'x', label: 'good', product: 'p', task: 'p', group: null, part: null, bytes: 4, read: () => Promise.resolve(image) }
}

const features = async (image: RawImage, edge: number): Promise<number[]> =>
  [...(await pixelPictures([picture(image)], edge, () => {}, new AbortController().signal))[0]!.features]

it('takes grey pixels as they are, from black as -1 to white as 1', async () => {
  expect(await features({ data: Uint8Array.of(0, 255, 51, 204), width: 2, height: 2, channels: 1 }, 2)).toEqual([-1, 1, expect.closeTo(-0.6, 6), expect.closeTo(0.6, 6)])
})

it('weighs colours by their brightness', async () => {
  const [red, green, blue, white] = await features({ data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255), width: 2, height: 2, channels: 3 }, 2)
  expect([red, green, blue]).toEqual([expect.closeTo(2 * 0.299 - 1, 6), expect.closeTo(2 * 0.587 - 1, 6), expect.closeTo(2 * 0.114 - 1, 6)])
  expect(white).toBeCloseTo(1, 6)
})

it('makes pictures of any size as small as is asked for', async () => {
  const data = new Uint8Array(64 * 32).fill(204)
  const found = await features({ data, width: 64, height: 32, channels: 1 }, 8)
  expect(found).toHaveLength(64)
  for (const value of found) expect(value).toBeCloseTo(0.6, 2)
})

it('stops where it is told to', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  await expect(pixelPictures([picture({ data: Uint8Array.of(0), width: 1, height: 1, channels: 1 })], 1, () => {}, stopped)).rejects.toThrow('enough')
})
