/** Two products and their defects as pictures, and what a person would say of them. */
import type { LabelInbox, PictureLabel } from '../../../engine/continual/label-inbox.ts'
import { encodePng, type RawImage } from '../../../engine/frame/image-codec.ts'
import { normal, seededRandom, type Random } from '../../../engine/random.ts'

export type Product = 'woven' | 'striped'

const edge = 96

/** Grain and phase differ from part to part; a defect is a bright blot. */
export function part (product: Product, seed: number, defective = false): RawImage {
  const random = seededRandom(seed + (product === 'woven' ? 0 : 10_000))
  const [phaseX, phaseY] = [0.6 * random(), 0.6 * random()]
  const data = Uint8Array.from({ length: edge * edge }, (_, pixel) => {
    const [x, y] = [pixel % edge, Math.floor(pixel / edge)]
    const pattern = product === 'woven' ? 25 * Math.sin(0.5 * x + phaseX) + 25 * Math.sin(0.5 * y + phaseY) : 45 * Math.sign(Math.sin(0.25 * (x + 2 * y) + phaseX))
    return 120 + pattern + 4 * normal(random)
  })
  if (defective) blot(data, random)
  return { data, width: edge, height: edge, channels: 1 }
}

function blot (data: Uint8Array, random: Random): void {
  const [left, top] = [10 + Math.floor(60 * random()), 10 + Math.floor(60 * random())]
  for (let y = top; y < top + 12; y++) data.fill(250, y * edge + left, y * edge + left + 12)
}

export async function addParts (inbox: LabelInbox, product: Product, seeds: readonly number[], label: Partial<PictureLabel> & { defective?: boolean, confirmed?: boolean } = {}): Promise<void> {
  const { defective = false, confirmed = false, ...said } = label
  for (const seed of seeds) {
    await inbox.add(await encodePng(part(product, seed, defective)), { product, label: defective ? 'blot' : 'good', partId: `${product} ${seed}`, by: 'person', pValue: null, inDrift: false, ...said }, { confirmed })
  }
}

export function range (first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}
