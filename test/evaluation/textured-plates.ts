/** Plates with a woven texture, some of them scratched, in MVTec layout with exact masks. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { normal, seededRandom, type Random } from '../../engine/random.ts'

export interface PlateCounts {
  train: number
  good: number
  defective: number
  /** Pixels. */
  edge: number
  seed: number
}

export async function writeTexturedPlates (folder: string, { train, good, defective, edge, seed }: PlateCounts): Promise<void> {
  const random = seededRandom(seed)
  for (let i = 0; i < train; i++) await write(folder, `train/good/${number(i)}.png`, plate(edge, random), edge)
  for (let i = 0; i < good; i++) await write(folder, `test/good/${number(i)}.png`, plate(edge, random), edge)
  for (let i = 0; i < defective; i++) {
    const pixels = plate(edge, random)
    const mask = scratch(pixels, edge, random)
    await write(folder, `test/scratch/${number(i)}.png`, pixels, edge)
    await write(folder, `ground_truth/scratch/${number(i)}_mask.png`, mask, edge)
  }
}

/** Crossed waves of a random phase under a little noise. */
function plate (edge: number, random: Random): Uint8Array {
  const [phaseX, phaseY] = [6 * random(), 6 * random()]
  return Uint8Array.from({ length: edge * edge }, (_, pixel) => {
    const [x, y] = [pixel % edge, Math.floor(pixel / edge)]
    return 120 + 25 * Math.sin(0.7 * x + phaseX) + 25 * Math.sin(0.7 * y + phaseY) + 4 * normal(random)
  })
}

/** Draws a bright slanted line of three pixels; returns its mask. */
function scratch (pixels: Uint8Array, edge: number, random: Random): Uint8Array {
  const mask = new Uint8Array(pixels.length)
  const length = Math.floor(edge / 4)
  const [left, top] = [0, 0].map(() => Math.floor((edge - length - 4) * random()) + 2) as [number, number]
  for (let step = 0; step < length; step++) {
    for (let across = 0; across < 3; across++) {
      const pixel = (top + step) * edge + left + step + across
      pixels[pixel] = 235
      mask[pixel] = 255
    }
  }
  return mask
}

async function write (folder: string, name: string, data: Uint8Array, edge: number): Promise<void> {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), await encodePng({ data, width: edge, height: edge, channels: 1 }))
}

function number (i: number): string {
  return String(i).padStart(3, '0')
}
