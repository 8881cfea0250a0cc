/**
 * A generated line: cover plates on a moving belt under a camera, deterministic for a seed, with exact ground truth. For load, long runs and
 * tests. The same options and index give the same pixels on every machine.
 *
 * Part `k` passes the camera's middle at frame `k / advance`; with the default `advance` of 1 every frame shows one whole part.
 */
import { GoodpartsError } from '../../errors.ts'
import { defectKinds, planDefect, type DefectKind, type PlannedDefect } from './defects.ts'
import { drawBelt, drawDefect, drawPart, expose, type GeneratedDefect, type Placement, type Surfaces } from './drawing.ts'
import { drawPartSprite } from './part-sprite.ts'
import { beltPixels, brushedMetal, lampLight, sensorNoise, stream } from './textures.ts'

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

export type { GeneratedDefect }

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

interface Scene extends Required<GeneratedLineOptions>, Surfaces {
  unit: number
  spacing: number
}

const Purpose = { belt: 0, metal: 1, noise: 2, placement: 3, defects: 4, frame: 5 } as const

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
  drawBelt(scene, Math.round(index * scene.advance * scene.spacing), pixels)
  const placements = placementsInView(scene, index)
  const defects: GeneratedDefect[] = []
  for (const placement of placements) {
    drawPart(scene, placement, pixels)
    for (const planned of placement.defects) {
      const defect = drawDefect(scene, placement, planned, pixels)
      if (defect !== undefined) defects.push(defect)
    }
  }
  const noiseFrom = Math.floor(stream(scene.seed, Purpose.frame, index)() * scene.noise.length)
  expose(scene, noiseFrom, pixels)
  return { pixels, defects, parts: placements.map(({ index: part, x, y }) => ({ index: part, x, y })) }
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
