/** Tiles of good pictures as a family reads them, cut and hidden as the graph does it. */
import type { RawImage } from '../../frame/image-codec.ts'
import type { GoodImage } from '../detector.ts'
import type { PicturePool } from '../picture-pool.ts'
import { isInside } from '../../tiling/regions.ts'
import { maskPlace } from '../../tiling/looked-at.ts'
import type { LookedAt } from '../../tiling/looked-at.ts'
import { tilePixels, tilePlaces } from '../../tiling/tile-layout.ts'

/** Decoded pictures: the last one is kept even where the pool is full, because its tiles are read one after the other. */
export class WholePictures {
  readonly #pool: PicturePool
  #last: { image: GoodImage, picture: Promise<RawImage> } | null = null

  constructor (pool: PicturePool) {
    this.#pool = pool
  }

  /** @throws GOODPARTS_IMAGE_DECODE naming the picture. */
  async read (image: GoodImage): Promise<RawImage> {
    if (this.#last?.image !== image) this.#last = { image, picture: this.#pool.read(image) }
    return this.#last.picture
  }
}

/**
 * Some tiles of each picture, so many that there are about `most`; over all pictures every place is shown equally often. Tiles of one
 * part stay one part.
 */
export function tileImages (images: readonly GoodImage[], looked: LookedAt, whole: WholePictures, most: number): GoodImage[] {
  const each = Math.min(looked.tiles.length, Math.max(1, Math.floor(most / Math.max(1, images.length))))
  return images.flatMap((image, number) => Array.from({ length: each }, (_, index) => {
    const tile = looked.tiles[(number * each + index) % looked.tiles.length] as number
    return {
      ...image,
      name: `${image.name}, tile ${tile + 1}`,
      group: image.group ?? `picture ${number} ${image.name}`,
      read: async () => cutTile(await whole.read(image), looked, tile)
    }
  }))
}

export function cutTile (picture: RawImage, { layout, mask, fill }: LookedAt, tile: number): RawImage {
  const { row, column } = tilePlaces(layout)[tile] as { row: number, column: number }
  const { channels } = picture
  const across = tilePixels(layout.columns, column, picture.width)
  const down = tilePixels(layout.rows, row, picture.height)
  const data = new Uint8Array(across.length * down.length * channels)
  for (let y = 0; y < down.length; y++) {
    const from = ((down.start + y) * picture.width + across.start) * channels
    data.set(picture.data.subarray(from, from + across.length * channels), y * across.length * channels)
    if (mask === null) continue
    const maskRow = maskPlace(down.start + y, picture.height, mask.height) * mask.width
    for (let x = 0; x < across.length; x++) {
      if (mask.inside[maskRow + maskPlace(across.start + x, picture.width, mask.width)] === 1) continue
      for (let channel = 0; channel < channels; channel++) data[(y * across.length + x) * channels + channel] = fill[channel] ?? fill[0] ?? 0
    }
  }
  return { data, width: across.length, height: down.length, channels }
}

/** Mean grey level of each channel over what is looked at: what is hidden by it stands out least. */
export function meanInside ({ data, width, height, channels }: RawImage, { regions }: Pick<LookedAt, 'regions'>, wanted: number): number[] {
  const sums = new Float64Array(channels)
  let count = 0
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      if (!isInside(regions, (x + 0.5) / width, (y + 0.5) / height)) continue
      count++
      for (let channel = 0; channel < channels; channel++) sums[channel] = (sums[channel] as number) + (data[(y * width + x) * channels + channel] as number)
    }
  }
  return Array.from({ length: wanted }, (_, channel) => Math.round((sums[Math.min(channel, channels - 1)] as number) / Math.max(1, count)))
}
