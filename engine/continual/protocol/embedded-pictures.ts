/** From data sets to feature vectors: read once, embedded once, split anew for every seed. */
import { stat } from 'node:fs/promises'
import { exemplarLabel } from '../../../schemas/exemplar-label.ts'
import { GoodpartsError } from '../../errors.ts'
import { readDataset } from '../../evaluation/dataset.ts'
import type { DatasetEntry, DefectBox } from '../../evaluation/dataset-entry.ts'
import { decodeImage, type RawImage } from '../../frame/image-codec.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import type { PictureEmbedding } from '../picture-embedding.ts'
import type { FeatureFile } from './feature-file.ts'
import { readFashionMnist } from './fashion-mnist.ts'

export interface LabelledPicture {
  id: string
  label: string
  product: string
  /** With which it comes: its product, an exposure, a period. */
  task: string
  /** The physical part; `null` = a part of its own. */
  group: string | null
  /** Where the author of the set has split it; `null` = each seed splits it. */
  part: 'train' | 'test' | null
  bytes: number
  read: () => Promise<RawImage>
}

export interface EmbeddedPicture extends Omit<LabelledPicture, 'read'>, ReplayItem {}

export interface FashionCounts { train: number, test: number }

/**
 * The pictures of a data set that are labelled `<product>/<label>`. `crops`: pictures with boxes give one square of that edge around each box
 * instead, labelled by the box's type alone, and what else such a product has is left out.
 * @throws GOODPARTS_DATASET_INVALID
 */
export async function inspectionPictures (path: string, crops: number | null): Promise<LabelledPicture[]> {
  const dataset = await readDataset(path)
  const boxed = new Set(dataset.entries.filter(({ boxes }) => boxes.length > 0).map(({ product }) => product))
  const lists = await Promise.all(dataset.entries.map(async (entry) => {
    const product = entry.product ?? dataset.name
    const { size } = await stat(entry.path)
    if (crops !== null && boxed.has(entry.product)) return entry.boxes.map((box, index) => cropPicture(entry, product, box, index, crops))
    return [{ id: entry.path, label: exemplarLabel(product, entry.label), product, task: product, group: entry.group, part: null, bytes: size, read: () => decodeImage(entry.path) }]
  }))
  return lists.flat()
}

export async function fashionPictures ({ train, test }: FashionCounts): Promise<LabelledPicture[]> {
  const parts = await Promise.all([readFashionMnist('train', train), readFashionMnist('t10k', test)])
  return parts.flatMap((pictures, index) => pictures.map(({ id, label, image }): LabelledPicture =>
    ({ id, label, product: 'fashion-mnist', task: 'fashion-mnist', group: null, part: index === 0 ? 'train' : 'test', bytes: image.data.byteLength, read: () => Promise.resolve(image) })))
}

/** @param kept Read from, and added to, when given. @throws GOODPARTS_IMAGE_DECODE, and what the signal was aborted with. */
export async function embedPictures (pictures: readonly LabelledPicture[], embedding: PictureEmbedding, progress: (done: number, total: number) => void, signal: AbortSignal, kept: FeatureFile | null = null): Promise<EmbeddedPicture[]> {
  const embedded: EmbeddedPicture[] = []
  for (const { read, ...picture } of pictures) {
    signal.throwIfAborted()
    progress(embedded.length, pictures.length)
    const known = kept?.of(picture.id)
    const features = known ?? await embedding.of(await read())
    if (known === undefined) kept?.add(picture.id, features)
    embedded.push({ ...picture, features })
  }
  kept?.save()
  return embedded
}

function cropPicture (entry: DatasetEntry, product: string, box: DefectBox, index: number, edge: number): LabelledPicture {
  return {
    id: `${entry.path}#${index}`,
    label: box.type === '' ? entry.label : box.type,
    product,
    task: product,
    group: entry.group,
    part: null,
    bytes: edge * edge,
    read: async () => cropAround(await decodeImage(entry.path), box, edge)
  }
}

/** A square around the middle of the box, moved inside the picture. @throws GOODPARTS_DATASET_INVALID for a picture smaller than that. */
export function cropAround (image: RawImage, { x1, y1, x2, y2 }: DefectBox, edge: number): RawImage {
  const { data, width, height, channels } = image
  if (width < edge || height < edge) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected pictures with boxes to have at least ${edge} pixels along each edge, got ${width} x ${height}`)
  const left = Math.min(width - edge, Math.max(0, Math.round((x1 + x2 - edge) / 2)))
  const top = Math.min(height - edge, Math.max(0, Math.round((y1 + y2 - edge) / 2)))
  const square = new Uint8Array(edge * edge * channels)
  for (let row = 0; row < edge; row++) {
    const start = ((top + row) * width + left) * channels
    square.set(data.subarray(start, start + edge * channels), row * edge * channels)
  }
  return { data: square, width: edge, height: edge, channels }
}
