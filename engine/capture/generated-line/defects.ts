/**
 * Defects of the generated line: what goes wrong with a part is drawn by chance from its own random stream, in plate coordinates (pixels from
 * the plate's middle), and drawn as a colour with a coverage per pixel. A pixel without coverage is untouched: ground truth is exact.
 */
import type { Random } from '../../random.ts'
import type { PartSprite, PlateComponent } from './part-sprite.ts'

export const defectKinds = ['scratch', 'hole', 'stain', 'missing-part'] as const
export type DefectKind = typeof defectKinds[number]

export type Rgb = [red: number, green: number, blue: number]

/** A defect in plate coordinates. */
export interface PlannedDefect {
  kind: DefectKind
  x: number
  y: number
  /** Nothing of it lies further from `(x, y)`. */
  reach: number
  /** Coverage 0 to 1 at a point given from `(x, y)`; writes the colour it has there into `colour`. */
  cover (dx: number, dy: number, colour: Rgb): number
}

/** `unit` is the size of one pixel at 480 lines. */
export function planDefect (kind: DefectKind, sprite: PartSprite, unit: number, random: Random): PlannedDefect {
  if (kind === 'missing-part') return missingPart(sprite.components[Math.floor(random() * sprite.components.length)] as PlateComponent, unit)
  const { x, y } = placeOnMetal(sprite, random)
  if (kind === 'scratch') return scratch(x, y, unit, random)
  return kind === 'hole' ? hole(x, y, unit, random) : stain(x, y, unit, random)
}

/** Bare metal, where every kind can be seen: a hole in black rubber could not. */
function placeOnMetal (sprite: PartSprite, random: Random): { x: number, y: number } {
  for (;;) {
    const x = (2 * random() - 1) * 0.82 * sprite.half.x
    const y = (2 * random() - 1) * 0.8 * sprite.half.y
    const cell = Math.floor(y + sprite.height / 2) * sprite.width + Math.floor(x + sprite.width / 2)
    if (sprite.metal[cell] === 1) return { x, y }
  }
}

/** A bent stroke, deepest in its middle, with one bright and one dark flank. */
function scratch (x: number, y: number, unit: number, random: Random): PlannedDefect {
  const half = (9 + 36 * random() ** 1.5) * unit
  const width = (0.8 + 0.8 * random()) * unit
  const angle = Math.PI * random()
  const bend = (2 * random() - 1) * 0.35
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const depth = 0.65 + 0.35 * random()
  return {
    kind: 'scratch',
    x,
    y,
    reach: half * (1 + Math.abs(bend)) + 2 * width,
    cover (dx, dy, colour) {
      const along = (dx * cos + dy * sin) / half
      if (along < -1 || along > 1) return 0
      const across = (dy * cos - dx * sin - bend * half * (along * along - 0.5)) / unit
      const towardsDark = Math.min(1, Math.max(0, 0.5 + 0.7 * across))
      colour[0] = colour[1] = colour[2] = 248 - 172 * towardsDark
      return depth * falling((Math.abs(across) - width * (1 - 0.5 * along * along) / unit) / 1.2)
    }
  }
}

/** A pit: dark, with a lit lower edge. */
function hole (x: number, y: number, unit: number, random: Random): PlannedDefect {
  const radius = (2.6 + 4.4 * random()) * unit
  const squeeze = 0.75 + 0.25 * random()
  const angle = Math.PI * random()
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return {
    kind: 'hole',
    x,
    y,
    reach: radius * 1.6 / squeeze,
    cover (dx, dy, colour) {
      const r = Math.hypot(dx * cos + dy * sin, (dy * cos - dx * sin) / squeeze) / radius
      const shade = r < 0.85 ? 22 + 20 * r : (dx + dy > 0 ? 236 : 70)
      colour[0] = colour[1] = colour[2] = shade
      return falling((r - 1) * radius / unit)
    }
  }
}

/** A spill with a wavy outline and a darker rim, as a drop leaves when it dries. */
function stain (x: number, y: number, unit: number, random: Random): PlannedDefect {
  const radius = (9 + 17 * random()) * unit
  const waves = Array.from({ length: 4 }, (_, i) => ({ size: 0.16 * random() / (1 + 0.5 * i), phase: 2 * Math.PI * random() }))
  const strength = 0.24 + 0.26 * random()
  const tint: Rgb = random() < 0.6 ? [86, 62, 30] : [40, 52, 74]
  return {
    kind: 'stain',
    x,
    y,
    reach: radius * 1.7,
    cover (dx, dy, colour) {
      const angle = Math.atan2(dy, dx)
      const outline = waves.reduce((sum, { size, phase }, i) => sum + size * Math.sin((i + 2) * angle + phase), 1)
      const r = Math.hypot(dx, dy) / (radius * outline)
      colour[0] = tint[0]
      colour[1] = tint[1]
      colour[2] = tint[2]
      return strength * falling((r - 1) * 4) * (0.7 + 0.45 * Math.min(1, r) ** 4)
    }
  }
}

/** The seat of a screw or contact, empty. */
function missingPart (component: PlateComponent, unit: number): PlannedDefect {
  const { radius } = component
  return {
    kind: 'missing-part',
    x: component.x,
    y: component.y,
    reach: radius + 2 * unit,
    cover (dx, dy, colour) {
      const r = Math.hypot(dx, dy) / radius
      const rim = component.kind === 'screw' && r > 0.62
      const shade = rim ? 128 + 40 * ((dx + dy) / radius) : 26
      colour[0] = colour[1] = colour[2] = shade
      return falling((r - 1) * radius / unit)
    }
  }
}

/** 1 up to -0.5, 0 from 0.5 on, smooth between; below 5 % counts as nothing. */
function falling (distance: number): number {
  if (distance <= -0.5) return 1
  if (distance >= 0.5) return 0
  const t = 0.5 - distance
  const value = t * t * (3 - 2 * t)
  return value < 0.05 ? 0 : value
}
