/** At which size pictures are compared with their templates, and how far they are searched for. */
import type { BundleMetadata } from '../../../schemas/bundle.ts'

export interface TemplateGeometry {
  /** Multiples of `coarse`, pixels. */
  height: number
  width: number
  channels: 1 | 3
  /** Pixels that a part may lie off, along each axis. */
  shift: number
  /** The first search goes over averages of `coarse` by `coarse` pixels. */
  coarse: 2 | 4
}

/** Smaller pictures are searched at half, larger ones at a quarter of their size. */
const coarseFrom = 256
const largestEdge = 640

export function templateGeometry (input: BundleMetadata['input'], { size, shift }: { size: 'auto' | number, shift: number }): TemplateGeometry {
  const edge = Math.max(input.width, input.height)
  const wanted = size === 'auto' ? Math.min(edge, largestEdge) : size
  const coarse = wanted < coarseFrom ? 2 : 4
  const scaled = (length: number): number => Math.max(8 * coarse, coarse * Math.round(length * wanted / edge / coarse))
  const [height, width] = [scaled(input.height), scaled(input.width)]
  // The window that is compared at every shift must not vanish.
  return { height, width, channels: input.channels, shift: Math.min(shift, Math.floor(Math.min(height, width) / 4)), coarse }
}

/** Positions along each axis that the first search moves by. */
export function coarseRadius ({ shift, coarse }: TemplateGeometry): number {
  return Math.ceil(shift / coarse)
}
