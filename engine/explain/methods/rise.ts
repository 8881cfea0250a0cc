/**
 * RISE (Petsiuk, Das and Saenko 2018, arXiv 1806.07421, § 3): random masks, each weighed by what the model says of the picture behind it,
 * `S = Σ ψ(I · M) M / Σ M`. The paper divides by N p, which Σ M is on average: by the sum itself, chance does not show where all answers are alike.
 */
import { resampleMap } from '../../frame/resample-map.ts'
import { seededRandom, type Random } from '../../random.ts'
import { passMasks, skippedText } from '../masked-passes.ts'
import { stretched } from '../saliency-maths.ts'
import { explanationMethod } from './method.ts'

const riseDefaults = { masks: 1000, cells: 8, visible: 0.5 }

export const riseMethod = explanationMethod('rise', async ({ model, picture, options, budget }) => {
  const { width, height } = picture
  const random = seededRandom(options.seed ?? 0)
  const sum = new Float64Array(width * height)
  const cover = new Float64Array(width * height)
  const forwards = await passMasks(model, picture, options, budget, {
    count: riseDefaults.masks,
    maskAt: () => riseMask(random, width, height),
    scored: (mask, confidence) => {
      for (let i = 0; i < sum.length; i++) {
        sum[i] = (sum[i] as number) + confidence * (mask[i] as number)
        cover[i] = (cover[i] as number) + (mask[i] as number)
      }
    }
  })
  const map = stretched(Float32Array.from(sum, (value, i) => (cover[i] as number) > 0 ? value / (cover[i] as number) : 0))
  return { map: map === null ? null : { values: map, width, height }, forwards, skipped: skippedText(forwards, 'masks') }
})

/** A random grid of open and closed cells, enlarged smoothly and cut out at a random shift. */
function riseMask (random: Random, width: number, height: number): Float32Array {
  const { cells, visible } = riseDefaults
  const side = cells + 1
  const grid = Float32Array.from({ length: side * side }, () => random() < visible ? 1 : 0)
  const [cellWidth, cellHeight] = [Math.ceil(width / cells), Math.ceil(height / cells)]
  const [large, tall] = [side * cellWidth, side * cellHeight]
  const enlarged = resampleMap({ values: grid, width: side, height: side }, large, tall)
  const [left, top] = [Math.floor(random() * cellWidth), Math.floor(random() * cellHeight)]
  const mask = new Float32Array(width * height)
  for (let y = 0; y < height; y++) mask.set(enlarged.subarray((top + y) * large + left, (top + y) * large + left + width), y * width)
  return mask
}
