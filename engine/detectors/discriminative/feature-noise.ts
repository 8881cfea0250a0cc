/** Features spoilt by noise inside a mask of Perlin noise (SuperSimpleNet, Rolih et al. 2024, § 3.2). */
import { normal } from '../../random.ts'
import type { Random } from '../../random.ts'
import { perlinMask } from '../../training/augment/perlin.ts'

/** Perlin noise above the threshold is spoilt. */
const settings = { mostOctave: 4, threshold: 0.2 }

/** @param map `(d, grid, grid)`, left as it is. @param deviation Of the noise; varied by half from picture to picture. */
export function spoil (map: Float32Array, grid: number, deviation: number, random: Random): { noisy: Float32Array, mask: Uint8Array } {
  const mask = perlinMask(grid, grid, settings, random)
  const gain = deviation * (0.5 + random())
  const noisy = map.map((value, index) => mask[index % mask.length] === 0 ? value : value + gain * normal(random))
  return { noisy, mask }
}
