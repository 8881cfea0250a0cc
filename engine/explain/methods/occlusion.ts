/**
 * Occlusion (Zeiler and Fergus 2014, § 3.2): a square is hidden at one place after another; a place matters as much as the model's
 * confidence falls. From coarse squares to fine ones, so that a map that the budget ends early covers the whole picture.
 */
import { passMasks, skippedText } from '../masked-passes.ts'
import { stretched } from '../saliency-maths.ts'
import { explanationMethod } from './method.ts'

interface Square { left: number, top: number, right: number, bottom: number }

/** Squares along the longer edge; each half as far from the next as it is wide. */
const levels = [4, 8, 16]

export const occlusionMethod = explanationMethod('occlusion', async ({ model, picture, options, budget }) => {
  const { width, height } = picture
  const [whole = 0] = await model.confidences(picture, [null], options.target)
  const squares = levels.flatMap((count) => hiddenSquares(width, height, count))
  const fall = new Float32Array(width * height)
  const cover = new Float32Array(width * height)
  const passes = await passMasks(model, picture, options, budget, {
    count: squares.length,
    maskAt: (index) => maskOf(squares[index] as Square, width, height),
    scored: (_mask, confidence, index) => {
      const square = squares[index] as Square
      const weight = 1 / ((square.right - square.left) * (square.bottom - square.top))
      eachRow(square, width, (from, to) => {
        for (let i = from; i < to; i++) {
          fall[i] = (fall[i] as number) + weight * Math.max(0, whole - confidence)
          cover[i] = (cover[i] as number) + weight
        }
      })
    }
  })
  const map = stretched(fall.map((value, i) => (cover[i] as number) > 0 ? value / (cover[i] as number) : 0))
  return {
    map: map === null ? null : { values: map, width, height },
    forwards: { done: passes.done + 1, planned: passes.planned + 1 },
    skipped: skippedText(passes, 'squares')
  }
})

function hiddenSquares (width: number, height: number, count: number): Square[] {
  const side = Math.max(1, Math.round(Math.max(width, height) / count))
  const step = Math.max(1, Math.round(side / 2))
  const squares: Square[] = []
  for (let top = step - side; top < height; top += step) {
    for (let left = step - side; left < width; left += step) {
      squares.push({ left: Math.max(0, left), top: Math.max(0, top), right: Math.min(width, left + side), bottom: Math.min(height, top + side) })
    }
  }
  return squares
}

function maskOf (square: Square, width: number, height: number): Float32Array {
  const mask = new Float32Array(width * height).fill(1)
  eachRow(square, width, (from, to) => { mask.fill(0, from, to) })
  return mask
}

function eachRow ({ left, top, right, bottom }: Square, width: number, visit: (from: number, to: number) => void): void {
  for (let y = top; y < bottom; y++) visit(y * width + left, y * width + right)
}
