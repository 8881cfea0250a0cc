/** Shapes of drawn defects as masks of an exact number of pixels. */
import { normal } from '../random.ts'
import type { Random } from '../random.ts'

export interface ShapeFrame {
  width: number
  height: number
  /** Pixels of the shape. */
  pixels: number
}

/** A thin curved line that wanders until its area is covered, turned back at the border. */
export function scar (frame: ShapeFrame, random: Random): Uint8Array {
  const edge = Math.min(frame.width, frame.height)
  const radius = Math.max(0.5, edge * (0.002 + 0.005 * random()))
  const bend = 0.25 * normal(random) / radius / 10
  let angle = 2 * Math.PI * random()
  let x = frame.width * (0.1 + 0.8 * random())
  let y = frame.height * (0.1 + 0.8 * random())
  return cover(frame, (stamp) => {
    stamp(x, y, radius)
    angle += bend + 0.05 * normal(random)
    x += Math.cos(angle)
    y += Math.sin(angle)
    if (x < 0 || x >= frame.width || y < 0 || y >= frame.height) {
      x = Math.min(frame.width - 1, Math.max(0, x))
      y = Math.min(frame.height - 1, Math.max(0, y))
      angle += Math.PI / 2 + random() * Math.PI / 2
    }
  })
}

/** An ellipse with a wavy edge, its axes up to 1 : 3. */
export function blob (frame: ShapeFrame, random: Random): Uint8Array {
  const ratio = 1 + 2 * random()
  const semiMinor = Math.sqrt(frame.pixels / Math.PI / ratio)
  const turn = Math.PI * random()
  const waves = [2, 3, 5].map((order) => ({ order, height: 0.12 * normal(random), phase: 2 * Math.PI * random() }))
  const reach = Math.min(semiMinor * ratio, Math.min(frame.width, frame.height) / 2)
  const x = reach + random() * (frame.width - 2 * reach)
  const y = reach + random() * (frame.height - 2 * reach)
  // Growing from its centre: points at the same share of the way to the edge come together.
  let share = 0
  return cover(frame, (stamp) => {
    share += 0.25 / semiMinor
    const steps = Math.ceil(2 * Math.PI * share * semiMinor * ratio * 2)
    for (let step = 0; step < steps; step++) {
      const angle = 2 * Math.PI * step / steps
      const wave = waves.reduce((sum, { order, height, phase }) => sum + height * Math.sin(order * angle + phase), 1)
      const along = share * wave * semiMinor * ratio * Math.cos(angle)
      const across = share * wave * semiMinor * Math.sin(angle)
      stamp(x + along * Math.cos(turn) - across * Math.sin(turn), y + along * Math.sin(turn) + across * Math.cos(turn), 0.5)
    }
  })
}

type Stamp = (x: number, y: number, radius: number) => void

/** Calls `draw` until exactly `pixels` pixels are covered. */
function cover ({ width, height, pixels }: ShapeFrame, draw: (stamp: Stamp) => void): Uint8Array {
  const mask = new Uint8Array(width * height)
  const wanted = Math.min(pixels, mask.length)
  let covered = 0
  const stamp: Stamp = (x, y, radius) => {
    for (let row = Math.max(0, Math.round(y - radius)); row <= Math.min(height - 1, Math.round(y + radius)); row++) {
      for (let column = Math.max(0, Math.round(x - radius)); column <= Math.min(width - 1, Math.round(x + radius)); column++) {
        const outside = (row - y) ** 2 + (column - x) ** 2 > Math.max(radius, 0.75) ** 2
        if (covered === wanted || outside || mask[row * width + column] === 1) continue
        mask[row * width + column] = 1
        covered++
      }
    }
  }
  for (;;) {
    draw(stamp)
    if (covered === wanted) return mask
  }
}
