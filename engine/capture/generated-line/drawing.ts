/** Draws a frame of the generated line layer by layer: belt, parts, defects, then what light and sensor make of it. */
import type { DefectKind, PlannedDefect, Rgb } from './defects.ts'
import type { PartSprite } from './part-sprite.ts'
import type { Texture } from './textures.ts'

export interface GeneratedDefect {
  kind: DefectKind
  /** Index of the part that has it. */
  part: number
  /** `[x, y, width, height]` of the mask's content, pixels of the frame. */
  box: [number, number, number, number]
  /** `(box height, box width)` uint8, 1 where the defect covers the pixel: nothing outside differs from the frame without defects. */
  mask: Uint8Array
}

/** What is drawn once and used for every frame. */
export interface Surfaces {
  /** Pixels of a frame. */
  width: number
  height: number
  /** `(height, beltWidth, 3)`. */
  belt: Uint8ClampedArray
  beltWidth: number
  sprite: PartSprite
  metal: Texture
  light: Uint16Array
  noise: Int8Array
}

/** A part as it lies before the camera. */
export interface Placement {
  index: number
  /** Middle of the part in pixels of the frame. */
  x: number
  y: number
  cos: number
  sin: number
  gain: number
  metalX: number
  metalY: number
  defects: PlannedDefect[]
}

/** `travelled`: pixels that the belt has moved so far. */
export function drawBelt ({ width, height, belt, beltWidth }: Surfaces, travelled: number, pixels: Uint8Array): void {
  const offset = travelled % beltWidth
  const first = Math.min(width, beltWidth - offset)
  for (let y = 0; y < height; y++) {
    const row = y * beltWidth * 3
    pixels.set(belt.subarray(row + offset * 3, row + (offset + first) * 3), y * width * 3)
    if (first < width) pixels.set(belt.subarray(row, row + (width - first) * 3), (y * width + first) * 3)
  }
}

/** Samples the sprite between its pixels, turned by the part's angle, over what is there. */
export function drawPart ({ width, height, sprite, metal }: Surfaces, part: Placement, pixels: Uint8Array): void {
  const { cos, sin, gain } = part
  const source = sprite.pixels
  const stride = sprite.width * 4
  const reachX = sprite.width / 2 + 4
  const reachY = sprite.height / 2 + 4
  const [left, right] = [Math.max(0, Math.floor(part.x - reachX)), Math.min(width, Math.ceil(part.x + reachX))]
  const [top, bottom] = [Math.max(0, Math.floor(part.y - reachY)), Math.min(height, Math.ceil(part.y + reachY))]
  // The grain moves with the part but is not turned: turned by so little and without blurring it, it would break along vertical lines.
  const grainX = metal.width * 64 + part.metalX - Math.round(part.x)
  const grainY = metal.height * 64 + part.metalY - Math.round(part.y)
  for (let y = top; y < bottom; y++) {
    const dy = y + 0.5 - part.y
    const grainRow = ((y + grainY) % metal.height) * metal.width
    for (let x = left; x < right; x++) {
      const dx = x + 0.5 - part.x
      const u = dx * cos + dy * sin + sprite.width / 2 - 0.5
      const v = dy * cos - dx * sin + sprite.height / 2 - 0.5
      if (u < 0 || v < 0 || u >= sprite.width - 1 || v >= sprite.height - 1) continue
      const [u0, v0] = [u | 0, v | 0]
      const [fu, fv] = [u - u0, v - v0]
      const s = v0 * stride + u0 * 4
      const [w00, w01, w10, w11] = [(1 - fu) * (1 - fv), fu * (1 - fv), (1 - fu) * fv, fu * fv]
      const opacity = w00 * (source[s + 3] as number) + w01 * (source[s + 7] as number) + w10 * (source[s + stride + 3] as number) + w11 * (source[s + stride + 7] as number)
      if (opacity === 0) continue
      const grain = sprite.metal[v0 * sprite.width + u0] === 1
        ? 4.5 * (metal.values[grainRow + (x + grainX) % metal.width] as number)
        : 0
      const behind = 1 - opacity / 255
      const p = (y * width + x) * 3
      for (let c = 0; c < 3; c++) {
        const own = w00 * (source[s + c] as number) + w01 * (source[s + 4 + c] as number) + w10 * (source[s + stride + c] as number) + w11 * (source[s + stride + 4 + c] as number)
        pixels[p + c] = Math.min(255, Math.max(0, behind * (pixels[p + c] as number) + (own + grain) * gain))
      }
    }
  }
}

/** `undefined` when it is out of view. */
export function drawDefect ({ width, height }: Surfaces, part: Placement, defect: PlannedDefect, pixels: Uint8Array): GeneratedDefect | undefined {
  const centreX = part.x + defect.x * part.cos - defect.y * part.sin
  const centreY = part.y + defect.x * part.sin + defect.y * part.cos
  const [left, right] = [Math.max(0, Math.floor(centreX - defect.reach)), Math.min(width, Math.ceil(centreX + defect.reach))]
  const [top, bottom] = [Math.max(0, Math.floor(centreY - defect.reach)), Math.min(height, Math.ceil(centreY + defect.reach))]
  const colour: Rgb = [0, 0, 0]
  const covered: number[] = []
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const dx = x + 0.5 - centreX
      const dy = y + 0.5 - centreY
      const coverage = defect.cover(dx * part.cos + dy * part.sin, dy * part.cos - dx * part.sin, colour)
      if (coverage === 0) continue
      covered.push(y * width + x)
      const p = (y * width + x) * 3
      for (let c = 0; c < 3; c++) pixels[p + c] = (1 - coverage) * (pixels[p + c] as number) + coverage * (colour[c] as number)
    }
  }
  return covered.length === 0 ? undefined : { kind: defect.kind, part: part.index, ...maskOf(covered, width) }
}

function maskOf (covered: readonly number[], width: number): Pick<GeneratedDefect, 'box' | 'mask'> {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1]
  for (const p of covered) {
    left = Math.min(left, p % width)
    right = Math.max(right, p % width)
    top = Math.min(top, Math.floor(p / width))
    bottom = Math.max(bottom, Math.floor(p / width))
  }
  const box: GeneratedDefect['box'] = [left, top, right - left + 1, bottom - top + 1]
  const mask = new Uint8Array(box[2] * box[3])
  for (const p of covered) mask[(Math.floor(p / width) - top) * box[2] + (p % width) - left] = 1
  return { box, mask }
}

/** Light and sensor: what the camera makes of the scene. Noise is read from `noiseFrom` on. */
export function expose ({ width, height, light, noise }: Surfaces, noiseFrom: number, pixels: Uint8Array): void {
  let n = noiseFrom
  const last = noise.length - 1
  for (let q = 0, p = 0; q < width * height; q++) {
    const gain = light[q] as number
    for (let c = 0; c < 3; c++, p++) {
      const value = ((pixels[p] as number) * gain >> 8) + (noise[n++ & last] as number)
      pixels[p] = value < 0 ? 0 : value > 255 ? 255 : value
    }
  }
}
