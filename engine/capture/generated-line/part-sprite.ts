/** The part of the generated line: a cover plate with screws, a sealing ring and a row of contacts, drawn once and sampled for each frame. */

export type ComponentKind = 'screw' | 'contact'

/** Something that is mounted on the plate and may be missing. Plate coordinates: pixels from the plate's middle. */
export interface PlateComponent {
  kind: ComponentKind
  x: number
  y: number
  radius: number
}

export interface PartSprite {
  width: number
  height: number
  /** `(height, width, 4)`: red, green, blue, opacity; the shadow is black with less than full opacity. */
  pixels: Uint8ClampedArray
  /** `(height, width)`: 1 where bare metal shows, which takes the texture of the single part. */
  metal: Uint8Array
  /** Half the plate's own width and height, without the shadow, in pixels. */
  half: { x: number, y: number }
  components: PlateComponent[]
}

type Colour = readonly [number, number, number]

const SAMPLES = 3

/** `unit` is the size of one pixel at 480 lines. */
export function drawPartSprite (unit: number): PartSprite {
  const half = { x: 196 * unit, y: 138 * unit }
  const margin = 16 * unit
  const width = Math.ceil(2 * (half.x + margin))
  const height = Math.ceil(2 * (half.y + margin))
  const components = plateComponents(half, unit)
  const sprite: PartSprite = { width, height, pixels: new Uint8ClampedArray(width * height * 4), metal: new Uint8Array(width * height), half, components }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) drawPixel(sprite, x, y, unit)
  }
  return sprite
}

function plateComponents (half: { x: number, y: number }, unit: number): PlateComponent[] {
  const screws = [[-1, -1], [1, -1], [-1, 1], [1, 1]].map(([sx = 1, sy = 1]): PlateComponent =>
    ({ kind: 'screw', x: sx * (half.x - 30 * unit), y: sy * (half.y - 30 * unit), radius: 12 * unit }))
  const contacts = Array.from({ length: 8 }, (_, i): PlateComponent =>
    ({ kind: 'contact', x: 112 * unit, y: (i - 3.5) * 19 * unit, radius: 6.5 * unit }))
  return [...screws, ...contacts]
}

/** Averages `SAMPLES`² points, which smooths every edge. */
function drawPixel (sprite: PartSprite, x: number, y: number, unit: number): void {
  let [red, green, blue, opacity, metal] = [0, 0, 0, 0, 0]
  for (let s = 0; s < SAMPLES * SAMPLES; s++) {
    const px = x + ((s % SAMPLES) + 0.5) / SAMPLES - sprite.width / 2
    const py = y + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES - sprite.height / 2
    const inside = -distanceToPlate(px, py, sprite.half, 22 * unit)
    const colour = inside > 0 ? plateColour(px, py, inside, sprite, unit) : undefined
    const weight = colour === undefined ? shadowOpacity(px, py, sprite.half, unit) : 1
    opacity += weight
    if (colour === undefined) continue
    red += colour.rgb[0]
    green += colour.rgb[1]
    blue += colour.rgb[2]
    metal += colour.bare ? 1 : 0
  }
  const p = y * sprite.width + x
  const total = SAMPLES * SAMPLES
  // Colours are premultiplied by opacity, which keeps the dark shadow out of the plate's rim when sampled between pixels.
  sprite.pixels.set([red / total, green / total, blue / total, 255 * opacity / total], 4 * p)
  sprite.metal[p] = metal > total / 2 ? 1 : 0
}

/** Signed distance to a rounded rectangle, negative inside. */
function distanceToPlate (x: number, y: number, half: { x: number, y: number }, corner: number): number {
  const dx = Math.abs(x) - half.x + corner
  const dy = Math.abs(y) - half.y + corner
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner
}

function shadowOpacity (x: number, y: number, half: { x: number, y: number }, unit: number): number {
  const away = distanceToPlate(x - 5 * unit, y - 6 * unit, half, 22 * unit) / (9 * unit)
  return 0.6 * Math.exp(-3 * Math.max(0, away) ** 2)
}

function plateColour (x: number, y: number, inside: number, { half, components }: PartSprite, unit: number): { rgb: Colour, bare: boolean } {
  const component = components.find((one) => Math.hypot(x - one.x, y - one.y) < one.radius + 3 * unit)
  if (component !== undefined) return { rgb: componentColour(component, x - component.x, y - component.y, unit), bare: false }
  const ring = Math.abs(Math.hypot(x + 58 * unit, y) - 62 * unit)
  if (ring < 11 * unit) return { rgb: rubber(1 - ring / (11 * unit)), bare: false }
  if (Math.abs(x - 112 * unit) < 15 * unit && Math.abs(y) < 84 * unit) return { rgb: [46, 50, 56], bare: false }
  const bevel = inside < 5 * unit ? ((x / half.x + y / half.y) < 0 ? 34 : -40) : 0
  const shade = 164 + bevel - 10 * (y / half.y)
  return { rgb: [shade, shade * 1.005, shade * 1.02], bare: true }
}

function componentColour ({ kind, radius }: PlateComponent, dx: number, dy: number, unit: number): Colour {
  const r = Math.hypot(dx, dy)
  if (kind === 'contact') {
    if (r > radius) return [46, 50, 56]
    const shine = 1 + 0.25 * (-(dx + dy) / radius)
    return [190 * shine, 152 * shine, 74 * shine]
  }
  if (r > radius) return [96, 97, 99]
  const slot = Math.abs(dx) < 2.2 * unit || Math.abs(dy) < 2.2 * unit
  if (slot && r < radius * 0.72) return [52, 52, 54]
  const shine = 198 + 36 * (-(dx + dy) / radius)
  return [shine * 0.97, shine * 0.98, shine]
}

function rubber (towardsMiddle: number): Colour {
  const shade = 30 + 34 * towardsMiddle ** 2
  return [shade, shade, shade * 1.04]
}
