/** A defect of 0.05 % of a picture of 2000 pixels, seen by a network with 256 pixels of input, with tiles and without. */
import { describe, expect, it } from 'vitest'
import { createDecision } from '../../../engine/decision/decision.ts'
import { findRegions } from '../../../engine/decision/regions.ts'
import type { GoodImage } from '../../../engine/detectors/detector.ts'
import { detectorByFamily } from '../../../engine/detectors/registry.ts'
import { Scorer } from '../../../engine/detectors/scorer.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import type { JsonValue } from '../../../schemas/bundle.ts'
import { goodParts } from '../good-parts.ts'

const edge = 2000

/** Brushed metal: fine stripes, slow waves and grain, lying differently on every part. */
function surface (seed: number): RawImage {
  const random = seededRandom(seed)
  const [phase, tilt] = [6 * random(), 0.02 * normal(random)]
  const grain = Uint8Array.from({ length: 1021 }, () => 24 * random())
  const data = new Uint8Array(edge * edge)
  for (let y = 0; y < edge; y++) {
    const slow = 116 + 12 * Math.sin(y / 37 + phase)
    const shift = Math.floor(1021 * random())
    for (let x = 0; x < edge; x++) data[y * edge + x] = slow + 22 * Math.sin((x + tilt * y) / 9 + phase) + (grain[(x * 7 + shift) % 1021] as number)
  }
  return { data, width: edge, height: edge, channels: 1 }
}

const [scratchWidth, scratchHeight, slant] = [8, 250, 6]

/** 2000 of 4 000 000 pixels, 40 grey levels brighter. */
function scratched (seed: number, left: number, top: number): RawImage {
  const part = surface(seed)
  for (let y = 0; y < scratchHeight; y++) {
    for (let x = 0; x < scratchWidth; x++) {
      const at = (top + y) * edge + left + x + Math.floor(y / slant)
      part.data[at] = Math.min(255, (part.data[at] as number) + 40)
    }
  }
  return part
}

const learned = 10
const images: GoodImage[] = Array.from({ length: 22 }, (_, index) => ({
  name: `surface ${index}`,
  group: null,
  calibration: index >= learned,
  read: () => Promise.resolve(surface(index + 1))
}))
/** With 3 × 3 tiles one begins at 600 and at 1200 pixels, the one before ends at 800 and at 1400. */
const places = [[300, 300], [1600, 1500], [790, 700], [1195, 500], [620, 1290]] as const

async function fit (options: Record<string, JsonValue>): Promise<{ scorer: Scorer, calibration: number[] }> {
  const { bytes, metadata } = await detectorByFamily('patch-memory').fit(images,
    { scale: 'fine', size: 256, bankSize: 400, normalisation: 'backbone', whitening: true, ...options },
    { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
  return { scorer: await Scorer.open(bytes, 1), calibration: metadata.calibration.scores }
}

/** How far it lies above the middle of the good parts, in units of their spread. */
function deviations (calibration: readonly number[], score: number): number {
  const middle = calibration.reduce((sum, value) => sum + value, 0) / calibration.length
  return (score - middle) / Math.sqrt(calibration.reduce((sum, value) => sum + (value - middle) ** 2, 0) / calibration.length)
}

describe('a scratch of 0.05 % of 2000 × 2000 pixels', () => {
  it('is rejected by tiles at their own limit and found in its place, where the same network without tiles hardly sees it', { timeout: 600_000 }, async () => {
    const tiled = await fit({ tiles: '3x3' })
    const whole = await fit({})
    expect(tiled.calibration).toHaveLength(images.length - learned)
    const decision = createDecision({ calibrationScores: tiled.calibration })
    expect(decision.judge(await tiled.scorer.score(surface(900))).verdict).not.toBe('reject')
    for (const [left, top] of places) {
      const part = scratched(500 + left, left, top)
      const { score, map, height, width } = await tiled.scorer.run(part)
      expect(decision.judge(score).verdict).toBe('reject')
      const peak = map.indexOf(Math.max(...map))
      const [x, y] = [(peak % width + 0.5) / width * edge, (Math.floor(peak / width) + 0.5) / height * edge]
      expect(x).toBeGreaterThan(left - 10)
      expect(x).toBeLessThan(left + scratchWidth + scratchHeight / slant + 10)
      expect(y).toBeGreaterThan(top - 10)
      expect(y).toBeLessThan(top + scratchHeight + 10)
      const [worst] = findRegions({ values: map, height, width }, { limit: decision.limits.reject, frame: { width: edge, height: edge } })
      expect(worst).toBeDefined()
      expect(deviations(tiled.calibration, score)).toBeGreaterThan(4 * deviations(whole.calibration, await whole.scorer.score(part)))
    }
    await tiled.scorer.close()
    await whole.scorer.close()
  })
})

describe('tiles: auto', () => {
  it('takes so many tiles that each is seen nearly as it is', { timeout: 120_000 }, async () => {
    const { metadata } = await detectorByFamily('density').fit(goodParts(24, 200), { scale: 'fine', size: 64, channels: 8, tiles: 'auto', regions: [{ box: [0, 0, 1, 0.4] }] },
      { seed: 1, threads: 1, progress: () => {}, signal: new AbortController().signal })
    expect(metadata.options).toMatchObject({ tiles: '3x1', overlap: 0.25, size: 64 })
    expect(metadata.name).toBe('density position-wise fine 64 3x1 regions')
  })
})
