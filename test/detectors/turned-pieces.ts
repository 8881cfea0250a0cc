/** Parts with a sawtooth across them, which each of its quarter turns tells apart, and the same with a piece that lies turned. */
import type { FitContext, GoodImage } from '../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { Scorer } from '../../engine/detectors/scorer.ts'
import { auroc } from '../../engine/auroc.ts'
import type { RawImage } from '../../engine/frame/image-codec.ts'
import { normal, seededRandom } from '../../engine/random.ts'
import type { JsonValue } from '../../schemas/bundle.ts'

const edge = 64
const period = 10
const side = 16
const learned = 32
const judged = 20
/** Pixels beside the piece that a map's smoothing and its grid may cost. */
const beside = 4

const context: FitContext = { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal }

/** @param aligned Whether all parts lie the same way. */
function sawtooth (seed: number, aligned: boolean): RawImage {
  const random = seededRandom(seed)
  const [phase, level] = [aligned ? 0 : Math.floor(period * random()), 80 + 10 * random()]
  const data = Uint8Array.from({ length: edge * edge }, (_, index) => level + 90 * ((index % edge + phase) % period) / period + 3 * normal(random))
  return { data, width: edge, height: edge, channels: 1 }
}

function withTurnedPiece (part: RawImage, random: () => number): { image: RawImage, left: number, top: number } {
  const place = (): number => beside + Math.floor(random() * (edge - side - 2 * beside))
  const [left, top] = [place(), place()]
  const data = Uint8Array.from(part.data)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) data[(top + y) * edge + left + x] = part.data[(top + x) * edge + left + side - 1 - y]!
  }
  return { image: { ...part, data }, left, top }
}

/** Of a fit to good parts: how well turned pieces separate, and at what share of them the map is highest. */
export async function turnedPieces (family: string, options: Record<string, JsonValue>, aligned = false): Promise<{ separation: number, found: number }> {
  const images = Array.from({ length: learned }, (_, index): GoodImage => ({ name: `part ${index}`, group: null, calibration: false, read: () => Promise.resolve(sawtooth(index + 1, aligned)) }))
  const { bytes } = await detectorByFamily(family).fit(images, options, context)
  const scorer = await Scorer.open(bytes, 1)
  const [good, bad]: [number[], number[]] = [[], []]
  let found = 0
  for (let seed = 1000; seed < 1000 + judged; seed++) {
    const part = sawtooth(seed, aligned)
    good.push(await scorer.score(part))
    const { image, left, top } = withTurnedPiece(part, seededRandom(seed * 31 + 7))
    const { score, map, width, height } = await scorer.run(image)
    bad.push(score)
    const peak = map.indexOf(Math.max(...map))
    const [x, y] = [(peak % width + 0.5) / width * edge, (Math.floor(peak / width) + 0.5) / height * edge]
    if (Math.max(Math.abs(x - left - side / 2), Math.abs(y - top - side / 2)) <= side / 2 + beside) found++
  }
  await scorer.close()
  return { separation: auroc(good, bad) ?? 0, found: found / judged }
}
