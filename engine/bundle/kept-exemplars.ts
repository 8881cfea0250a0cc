/**
 * Pictures of good parts that travel in a bundle's file, beside what is hashed: the fit keeps a few that stand for all of them, for the
 * evidence pair. A bundle without them works as well; one whose file cannot take them is left as it is.
 */
import type { ModelBundle } from './bundle.ts'
import { encodeJpeg, decodeImage, resizeImage, type RawImage } from '../frame/image-codec.ts'
import { readMetadata, withMetadata } from '../graph/metadata.ts'
import { GoodExemplars, mostTelling } from './good-exemplars.ts'
import { lookOf } from './look.ts'

/** Key of the entry in `metadata_props`. */
const exemplarsKey = 'goodparts.exemplars'
const keptCount = 12
/** Good pictures among which they are chosen. */
const candidates = 96
/** Pixels of the longer edge. */
const largestEdge = 512
const jpegQuality = 90
/** Characters of base64: no JPEG of that size and quality is larger. */
const largestText = 2 << 20

interface KeptExemplar {
  name: string
  /** Base64. */
  jpeg: string
}

export interface GoodPicture {
  name: string
  read (): Promise<RawImage>
}

/** The same bundle, its hashes unchanged, with a few of these pictures in its file. */
export async function withExemplars (bundle: ModelBundle, good: readonly GoodPicture[]): Promise<ModelBundle> {
  const step = Math.max(1, good.length / candidates)
  const some = Array.from({ length: Math.min(good.length, candidates) }, (_, index) => good[Math.floor(index * step)] as GoodPicture)
  const looks: Float32Array[] = []
  for (const picture of some) looks.push(await lookOf(await picture.read()))
  const kept: KeptExemplar[] = []
  for (const index of mostTelling(looks, keptCount)) {
    const picture = some[index] as GoodPicture
    kept.push({ name: picture.name.split(/[\\/]/).at(-1) ?? picture.name, jpeg: (await jpegOf(await picture.read())).toString('base64') })
  }
  return { ...bundle, bytes: withMetadata(bundle.bytes, { ...readMetadata(bundle.bytes), [exemplarsKey]: JSON.stringify(kept) }) }
}

/** Those of a bundle's file: they lie outside of what is hashed, so whatever is not as it should be is left out. */
export async function exemplarsOf (bytes: Uint8Array): Promise<GoodExemplars> {
  const exemplars = new GoodExemplars()
  for (const { name, jpeg } of readKept(readMetadata(bytes)[exemplarsKey])) {
    if (jpeg.length > largestText) continue
    const image = await decodeImage(Buffer.from(jpeg, 'base64')).catch(() => null)
    if (image !== null) await exemplars.add({ name, image })
  }
  return exemplars
}

function readKept (text: string | undefined): KeptExemplar[] {
  if (text === undefined) return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  if (!Array.isArray(value)) return []
  return value.filter((item): item is KeptExemplar => typeof (item as Partial<KeptExemplar> | null)?.name === 'string' && typeof (item as Partial<KeptExemplar> | null)?.jpeg === 'string').slice(0, keptCount)
}

async function jpegOf (image: RawImage): Promise<Buffer> {
  const shrink = Math.min(1, largestEdge / Math.max(image.width, image.height))
  const sized = shrink === 1 ? image : await resizeImage(image, Math.max(1, Math.round(image.width * shrink)), Math.max(1, Math.round(image.height * shrink)))
  return encodeJpeg({ ...sized, pixels: () => sized.data }, jpegQuality)
}
