/** The pictures that tell most: defects with the lowest scores, good parts with the highest, each with its map. */
import { overlayMap } from '../../explain/overlay.ts'
import { decodeImage, type RawImage } from '../../frame/image-codec.ts'
import { quantile } from '../../quantile.ts'
import type { GroundTruth } from '../defect-regions.ts'
import type { Evaluation, ScoredPicture } from '../evaluate.ts'
import type { PictureScorer } from '../picture-scorer.ts'
import { groundTruthOf } from '../pixel-evaluation.ts'
import { dataUrl, shrink } from './picture-data.ts'

export interface GalleryPicture {
  path: string
  label: string
  score: number
  verdict: string
  /** Data URLs. */
  picture: string
  overlay: string
}

const picturesOfEachKind = 12
const outlineWidth = 2
const outlineColour = [60, 220, 110] as const

/** Scores the chosen pictures again for their maps. @param nameOf how the report calls a picture. */
export async function makeGallery ({ pictures, decision }: Evaluation, scorer: PictureScorer, nameOf: (path: string) => string): Promise<{ misses: GalleryPicture[], falseRejects: GalleryPicture[] }> {
  const good = pictures.filter(({ entry }) => entry.isGood).sort((a, b) => b.score - a.score)
  const defect = pictures.filter(({ entry }) => !entry.isGood).sort((a, b) => a.score - b.score)
  const range = heatRange(pictures)
  const show = async ({ entry, score }: ScoredPicture): Promise<GalleryPicture> => {
    const image = await decodeImage(entry.path)
    const [answer] = await scorer.score([image])
    const shown = await shrink(image)
    const truth = await groundTruthOf({ entry, image }, shown.width, shown.height)
    const map = answer === undefined ? shown : overlayMap(shown, { values: answer.map, height: answer.height, width: answer.width }, { range, outline: Infinity, opacity: 0.85 })
    return {
      path: nameOf(entry.path),
      label: entry.label,
      score,
      verdict: decision.forProduct(entry.product).judge(score).verdict,
      picture: await dataUrl(truth === null ? shown : outlined(shown, truth)),
      overlay: await dataUrl(map)
    }
  }
  return { misses: await inTurn(onePerPart(defect).slice(0, picturesOfEachKind), show), falseRejects: await inTurn(onePerPart(good).slice(0, picturesOfEachKind), show) }
}

/** The first of each physical part, so that one part does not fill the page. */
function onePerPart (pictures: readonly ScoredPicture[]): ScoredPicture[] {
  const seen = new Set<string>()
  return pictures.filter(({ entry: { group } }) => {
    if (group === null) return true
    const isNew = !seen.has(group)
    seen.add(group)
    return isNew
  })
}

/**
 * The same colours for all pictures, as far below and above the peaks of good maps as those spread: what good parts reach is in the middle.
 * Without good pictures, from the lowest peak to the highest.
 */
function heatRange (pictures: readonly ScoredPicture[]): { from: number, to: number } {
  const ascending = (chosen: readonly ScoredPicture[]): number[] => chosen.map(({ mapPeak }) => mapPeak).sort((a, b) => a - b)
  const good = ascending(pictures.filter(({ entry }) => entry.isGood))
  if (good.length === 0) return { from: quantile(ascending(pictures), 0), to: quantile(ascending(pictures), 1) }
  const [middle, highest] = [quantile(good, 0.5), quantile(good, 1)]
  return { from: 2 * middle - highest, to: 2 * highest - middle }
}

/** `(H, W, 3)`: the picture with a line just outside each region, of two pixels, since JPEG halves the resolution of colours. */
export function outlined ({ data, width, height, channels }: RawImage, { labels }: GroundTruth): RawImage {
  const result = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < labels.length; pixel++) {
    for (let c = 0; c < 3; c++) result[3 * pixel + c] = data[channels === 1 ? pixel : 3 * pixel + c] as number
  }
  labels.forEach((region, pixel) => {
    if (region === 0) return
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    for (let ny = Math.max(0, y - outlineWidth); ny <= Math.min(height - 1, y + outlineWidth); ny++) {
      for (let nx = Math.max(0, x - outlineWidth); nx <= Math.min(width - 1, x + outlineWidth); nx++) {
        if (labels[ny * width + nx] === 0) result.set(outlineColour, 3 * (ny * width + nx))
      }
    }
  })
  return { data: result, width, height, channels: 3 }
}

async function inTurn<In, Out> (items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  for (const item of items) results.push(await work(item))
  return results
}
