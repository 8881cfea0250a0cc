/**
 * A generated line: cover plates on a moving belt under a camera, deterministic for a seed, with exact ground truth. For load, long runs and
 * tests. The same options and index give the same pixels on every machine.
 *
 * Part `k` passes the camera's middle at frame `k / advance`; with the default `advance` of 1 every frame shows one whole part.
 */
import { GoodpartsError } from '../../errors.ts'
import { defectKinds, planDefect, type DefectKind, type PlannedDefect, type Rgb } from './defects.ts'
import { drawPartSprite, type PartSprite } from './part-sprite.ts'
import { beltPixels, brushedMetal, lampLight, sensorNoise, stream, type Texture } from './textures.ts'

export interface GeneratedLineOptions {
  seed: number
  /** Pixels, at least 64. */
  width: number
  /** Pixels, at least 48. */
  height: number
  /** Share of parts that get one defect, sometimes two. Default 0.1. */
  defectRate?: number
  /** The defects that may occur; all by default. */
  defects?: readonly DefectKind[]
  /** How many parts the belt moves on between two frames. Default 1. */
  advance?: number
  /** The first parts that are good whatever `defectRate` says, for fitting. Default 0. */
  goodFirst?: number
}

export interface GeneratedDefect {
  kind: DefectKind
  /** Index of the part that has it. */
  part: number
  /** `[x, y, width, height]` of the mask's content, pixels of the frame. */
  box: [number, number, number, number]
  /** `(box height, box width)` uint8, 1 where the defect covers the pixel: nothing outside differs from the frame without defects. */
  mask: Uint8Array
}

export interface GeneratedPart {
  index: number
  /** Middle of the part in pixels of the frame; it may lie outside. */
  x: number
  y: number
}

export interface GeneratedFrame {
  /** `(height, width, 3)` uint8, red, green, blue. */
  pixels: Uint8Array
  defects: GeneratedDefect[]
  /** Parts of which something is in view, from left to right. */
  parts: GeneratedPart[]
}

export interface GeneratedLine {
  /** Renders frame `index` (0, 1, …). `into`, `(height, width, 3)`, is written and returned where given. */
  render (index: number, into?: Uint8Array): GeneratedFrame
}

interface Scene extends Required<GeneratedLineOptions> {
  unit: number
  spacing: number
  belt: Uint8ClampedArray
  beltWidth: number
  sprite: PartSprite
  metal: Texture
  light: Uint16Array
  noise: Int8Array
}

interface Placement extends GeneratedPart {
  cos: number
  sin: number
  gain: number
  metalX: number
  metalY: number
  defects: PlannedDefect[]
}

const Purpose = { belt: 0, metal: 1, noise: 2, placement: 3, defects: 4, frame: 5 } as const

/** One frame of the line; `createGeneratedLine` is faster for many. */
export function renderFrame ({ index, ...options }: GeneratedLineOptions & { index: number }): GeneratedFrame {
  return createGeneratedLine(options).render(index)
}

/** Prepares the surfaces once. @throws GOODPARTS_ARGUMENT for sizes and rates out of range. */
export function createGeneratedLine (options: GeneratedLineOptions): GeneratedLine {
  const scene = prepare(options)
  return { render: (index, into) => render(scene, index, into) }
}

function prepare ({ seed, width, height, defectRate = 0.1, defects = defectKinds, advance = 1, goodFirst = 0 }: GeneratedLineOptions): Scene {
  expect(Number.isInteger(width) && width >= 64 && Number.isInteger(height) && height >= 48, 'the size to be at least 64x48', `${width}x${height}`)
  expect(defectRate >= 0 && defectRate <= 1, 'the defect rate to be 0 to 1', String(defectRate))
  expect(advance > 0, 'the advance to be above 0', String(advance))
  expect(defects.length > 0 || defectRate === 0, 'at least one kind of defect', 'none')
  const unit = Math.min(height / 480, width / 640)
  const beltWidth = Math.round(width * 1.37)
  return {
    seed,
    width,
    height,
    defectRate,
    defects,
    advance,
    goodFirst,
    unit,
    beltWidth,
    spacing: Math.round(width * 1.06),
    belt: beltPixels(beltWidth, height, unit, stream(seed, Purpose.belt)),
    sprite: drawPartSprite(unit),
    metal: brushedMetal(1024, 512, unit, stream(seed, Purpose.metal)),
    light: lampLight(width, height),
    noise: sensorNoise(1.8, stream(seed, Purpose.noise))
  }
}

function expect (holds: boolean, what: string, got: string): void {
  if (!holds) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${what}, got ${got}`)
}

function render (scene: Scene, index: number, into?: Uint8Array): GeneratedFrame {
  const { width, height } = scene
  const pixels = into ?? new Uint8Array(width * height * 3)
  expect(pixels.length === width * height * 3, `memory for ${width}x${height}x3 pixels`, `${pixels.length} bytes`)
  drawBelt(scene, index, pixels)
  const placements = placementsInView(scene, index)
  const defects: GeneratedDefect[] = []
  for (const placement of placements) {
    drawPart(scene, placement, pixels)
    for (const planned of placement.defects) {
      const defect = drawDefect(scene, placement, planned, pixels)
      if (defect !== undefined) defects.push(defect)
    }
  }
  expose(scene, index, pixels)
  return { pixels, defects, parts: placements.map(({ index: part, x, y }) => ({ index: part, x, y })) }
}

function drawBelt ({ width, height, belt, beltWidth, spacing, advance }: Scene, index: number, pixels: Uint8Array): void {
  const offset = Math.round(index * advance * spacing) % beltWidth
  const first = Math.min(width, beltWidth - offset)
  for (let y = 0; y < height; y++) {
    const row = y * beltWidth * 3
    pixels.set(belt.subarray(row + offset * 3, row + (offset + first) * 3), y * width * 3)
    if (first < width) pixels.set(belt.subarray(row, row + (width - first) * 3), (y * width + first) * 3)
  }
}

function placementsInView (scene: Scene, index: number): Placement[] {
  const { width, spacing, advance, sprite } = scene
  const middle = index * advance
  const reach = (width + sprite.width) / 2 / spacing + 0.1
  const placements: Placement[] = []
  for (let k = Math.max(0, Math.ceil(middle - reach)); k <= middle + reach; k++) {
    const placement = placePart(scene, k, (k - middle) * spacing)
    if (Math.abs(placement.x - width / 2) < (width + sprite.width) / 2) placements.push(placement)
  }
  return placements
}

function placePart (scene: Scene, part: number, beltX: number): Placement {
  const { seed, width, height, unit, metal } = scene
  const random = stream(seed, Purpose.placement, part)
  const jitter = (): number => (2 * random() - 1) * 9 * unit
  const angle = (2 * random() - 1) * 0.022
  return {
    index: part,
    x: width / 2 + beltX + jitter(),
    y: height / 2 + jitter(),
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    gain: 1 + (2 * random() - 1) * 0.035,
    metalX: Math.floor(random() * metal.width),
    metalY: Math.floor(random() * metal.height),
    defects: planDefects(scene, part)
  }
}

function planDefects ({ seed, defectRate, defects, goodFirst, sprite, unit }: Scene, part: number): PlannedDefect[] {
  const random = stream(seed, Purpose.defects, part)
  if (random() >= defectRate || part < goodFirst) return []
  const count = random() < 0.15 ? 2 : 1
  return Array.from({ length: count }, () => planDefect(defects[Math.floor(random() * defects.length)] as DefectKind, sprite, unit, random))
}

/** Samples the sprite between its pixels, turned by the part's angle, over what is there. */
function drawPart ({ width, height, sprite, metal }: Scene, part: Placement, pixels: Uint8Array): void {
  const { cos, sin, gain } = part
  const source = sprite.pixels
  const stride = sprite.width * 4
  const reachX = sprite.width / 2 + 4
  const reachY = sprite.height / 2 + 4
  const [left, right] = [Math.max(0, Math.floor(part.x - reachX)), Math.min(width, Math.ceil(part.x + reachX))]
  const [top, bottom] = [Math.max(0, Math.floor(part.y - reachY)), Math.min(height, Math.ceil(part.y + reachY))]
  for (let y = top; y < bottom; y++) {
    const dy = y + 0.5 - part.y
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
        ? 7 * (metal.values[((v0 + part.metalY) % metal.height) * metal.width + (u0 + part.metalX) % metal.width] as number)
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

function drawDefect ({ width, height }: Scene, part: Placement, defect: PlannedDefect, pixels: Uint8Array): GeneratedDefect | undefined {
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

/** Light and sensor: what the camera makes of the scene. */
function expose ({ seed, width, height, light, noise }: Scene, index: number, pixels: Uint8Array): void {
  let n = Math.floor(stream(seed, Purpose.frame, index)() * noise.length)
  const last = noise.length - 1
  for (let q = 0, p = 0; q < width * height; q++) {
    const gain = light[q] as number
    for (let c = 0; c < 3; c++, p++) {
      const value = ((pixels[p] as number) * gain >> 8) + (noise[n++ & last] as number)
      pixels[p] = value < 0 ? 0 : value > 255 ? 255 : value
    }
  }
}
