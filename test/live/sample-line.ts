/** A line for tests: the sample's real parts, with verdicts and maps made from their masks. Deterministic. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { decodeImage, resizeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import type { LivePublication } from '../../engine/live/publication.ts'
import { normal, seededRandom } from '../../engine/random.ts'

const folder = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')
const MAP = 56
export const limits = { review: 1, reject: 1.3 }

interface Part {
  path: string
  image: RawImage
  mask: RawImage | null
}

export interface SampleLine {
  /** The next part in a fixed, mixed order. */
  next (): LivePublication & { frame: Frame, record: InspectionRecord, map: AnomalyMap }
  /** The next part that is rejected. */
  nextReject (): ReturnType<SampleLine['next']>
}

export async function openSampleLine (line: string, options: { seed?: number, parts?: number } = {}): Promise<SampleLine> {
  const random = seededRandom(options.seed ?? 1)
  const parts = await readParts(options.parts ?? 12)
  let sequence = 0
  const make = (part: Part): ReturnType<SampleLine['next']> => {
    const frame = Frame.fromPixels(part.image.data, { source: `${line}/camera`, sequence: sequence++, width: part.image.width, height: part.image.height, channels: part.image.channels })
    const map = mapOf(part, random)
    const score = Math.max(...map.values())
    return { line, frame, map, record: recordOf(line, frame, score, part.path, random()) }
  }
  const pick = (bad: boolean): Part => {
    const some = parts.filter(({ mask }) => (mask !== null) === bad)
    return some[Math.floor(random() * some.length)] as Part
  }
  return {
    next: () => make(pick(random() < 0.12)),
    nextReject: () => make(pick(true))
  }
}

async function readParts (count: number): Promise<Part[]> {
  const rows = readFileSync(join(folder, 'dataset.csv'), 'utf8').trim().split('\n').slice(1).map((row) => row.split(','))
  const good = rows.filter((row) => row[2] === 'good').slice(0, count)
  const bad = rows.filter((row) => row[3] !== '').slice(0, Math.ceil(count / 2))
  return Promise.all([...good, ...bad].map(async ([, path = '', , mask = '']) => ({
    path,
    image: await decodeImage(join(folder, path)),
    mask: mask === '' ? null : await resizeImage(await decodeImage(join(folder, mask), { channels: 1 }), MAP, MAP)
  })))
}

/** Noise of a good part, and a peak where the mask is. */
function mapOf ({ mask }: Part, random: () => number): AnomalyMap {
  const values = new Float32Array(MAP * MAP)
  const level = 0.45 + 0.08 * normal(random)
  for (let i = 0; i < values.length; i++) values[i] = level + 0.06 * normal(random) + 2.2 * nearMask(mask, i)
  return new AnomalyMap(values, MAP, MAP)
}

function nearMask (mask: RawImage | null, index: number): number {
  if (mask === null) return 0
  const row = Math.floor(index / MAP)
  const column = index % MAP
  let sum = 0
  let weights = 0
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      const y = row + dy
      const x = column + dx
      const weight = Math.exp(-(dx * dx + dy * dy) / 3)
      weights += weight
      if (y >= 0 && y < MAP && x >= 0 && x < MAP) sum += weight * (mask.data[y * MAP + x] as number) / 255
    }
  }
  return sum / weights
}

function recordOf (line: string, frame: Frame, score: number, path: string, share: number): InspectionRecord {
  const verdict = score > limits.reject ? 'reject' : score > limits.review ? 'review' : 'good'
  const reason = { good: 'within-limits', review: 'above-review-limit', reject: 'above-reject-limit' } as const
  return {
    schema: 'goodparts.inspection/1',
    eventId: `${line}-${frame.sequence}`,
    line,
    recipe: null,
    product: 'light-guide-plate',
    partId: path,
    frame: frame.toJSON(),
    times: { captured: frame.capturedAt, scored: new Date(Date.parse(frame.capturedAt) + 18 + Math.round(share * 14)).toISOString(), published: null },
    bundle: { id: '0123456789abcdef', family: 'patch-memory' },
    score,
    pValue: verdict === 'good' ? 0.4 : 0.005,
    limits,
    verdict,
    reason: { code: reason[verdict], text: `Score ${score.toFixed(2)}` },
    regions: [],
    explanation: null,
    traceId: frame.id
  }
}
