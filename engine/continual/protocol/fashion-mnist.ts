/** Split Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; in five pairs as in Farquhar and Gal 2018) from the files that Debian packages. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { GoodpartsError } from '../../errors.ts'
import type { RawImage } from '../../frame/image-codec.ts'

const fashionMnistFolder = '/usr/share/datasets/fashion-mnist'
const edge = 28
const imageHeader = 16
const labelHeader = 8
const names = ['top', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot']

export interface FashionPicture {
  id: string
  label: string
  image: RawImage
}

/** `train` 60,000 or `t10k` 10,000 pictures, the first `count` of them. @throws GOODPARTS_DATASET_INVALID when the files are missing or are others. */
export async function readFashionMnist (part: 'train' | 't10k', count: number, folder = fashionMnistFolder): Promise<FashionPicture[]> {
  if (!existsSync(join(folder, 'train-images-idx3-ubyte.gz'))) {
    throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected Fashion-MNIST in ${folder}, got nothing there`, { fix: 'apt-get install dataset-fashion-mnist' })
  }
  const [images, labels] = await Promise.all([readIdx(join(folder, `${part}-images-idx3-ubyte.gz`), 0x803), readIdx(join(folder, `${part}-labels-idx1-ubyte.gz`), 0x801)])
  const pixels = edge * edge
  return Array.from({ length: Math.min(count, images.readUInt32BE(4)) }, (_, index) => ({
    id: `${part}/${index}`,
    label: names[labels[labelHeader + index] ?? -1] ?? '',
    image: { data: images.subarray(imageHeader + index * pixels, imageHeader + (index + 1) * pixels), width: edge, height: edge, channels: 1 }
  }))
}

async function readIdx (path: string, magic: number): Promise<Buffer> {
  const bytes = await promisify(gunzip)(await readFile(path))
  if (bytes.readUInt32BE(0) !== magic) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${path} to begin with ${magic}, got ${bytes.readUInt32BE(0)}`)
  return bytes
}
