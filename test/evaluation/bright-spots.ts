/** A data set in MVTec layout whose every figure can be worked out by hand: flat grey pictures, defects are rectangles of white. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { input } from '../runtime/brightness-bundle.ts'

export const spot = { x: 10, y: 5, width: 8, height: 6 }

/** Mean brightness over 255 of a picture of `level` with the white spot or without: the score of the brightness bundle. */
export function scoreOf (level: number, withSpot: boolean): number {
  const [pixels, white] = [input.width * input.height, withSpot ? spot.width * spot.height : 0]
  return ((pixels - white) * level + white * 255) / pixels / 255
}

/** `good` and `defects` are grey levels; each type of defect has one picture and its exact mask. */
export async function writeBrightSpots (folder: string, { train, good, defects }: { train: readonly number[], good: readonly number[], defects: Readonly<Record<string, number>> }): Promise<void> {
  for (const level of train) await write(folder, `train/good/${level}.png`, flat(level))
  for (const level of good) await write(folder, `test/good/${level}.png`, flat(level))
  for (const [type, level] of Object.entries(defects)) {
    await write(folder, `test/${type}/${level}.png`, withSpot(flat(level)))
    await write(folder, `ground_truth/${type}/${level}_mask.png`, withSpot(flat(0)))
  }
}

function flat (level: number): Uint8Array {
  return new Uint8Array(input.width * input.height).fill(level)
}

function withSpot (pixels: Uint8Array): Uint8Array {
  for (let y = spot.y; y < spot.y + spot.height; y++) pixels.fill(255, y * input.width + spot.x, y * input.width + spot.x + spot.width)
  return pixels
}

async function write (folder: string, name: string, data: Uint8Array): Promise<void> {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), await encodePng({ data, width: input.width, height: input.height, channels: 1 }))
}
