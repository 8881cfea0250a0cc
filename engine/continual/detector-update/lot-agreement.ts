/**
 * How far a picture is from what its lot agrees on. A patch is as strange as the nearest thing in the old bank, or in so many pictures of the
 * lot that wrong labels cannot be so many; a picture is as strange as its strangest patch.
 */
import type { Bank } from '../../detectors/patch-memory/nearest-neighbour.ts'

/** Of the lot's other pictures, those that must have something like it. More wrong labels than that, all of one kind, go unseen here. */
const agreement = 0.4

/** @param patches `(n, width)` row-major, of each picture. @returns Distances, one per picture. */
export function strangenessOf ({ entries, width }: Bank, patches: readonly Float32Array[]): number[] {
  return patches.map((own, index) => {
    const known = nearestSquared(own, entries, width)
    const others = patches.filter((_, other) => other !== index).map((other) => nearestSquared(own, other, width))
    const rank = Math.max(0, Math.ceil(agreement * others.length) - 1)
    return Math.sqrt(known.reduce((most, squared, row) => {
      const agreed = others.map((distances) => distances[row] as number).sort((a, b) => a - b)[rank] ?? Infinity
      return Math.max(most, Math.min(squared, agreed))
    }, 0))
  })
}

/** Of each row to the nearest of the others. */
function nearestSquared (rows: Float32Array, others: Float32Array, width: number): Float64Array {
  return Float64Array.from({ length: rows.length / width }, (_, row) => {
    let nearest = Infinity
    for (let start = 0; start < others.length; start += width) {
      let sum = 0
      for (let i = 0; i < width && sum < nearest; i++) {
        const difference = (rows[row * width + i] as number) - (others[start + i] as number)
        sum += difference * difference
      }
      nearest = Math.min(nearest, sum)
    }
    return nearest
  })
}
