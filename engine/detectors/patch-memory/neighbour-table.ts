/** Each entry's nearest entries, known once the bank is. */
import type { Bank } from './nearest-neighbour.ts'

/** `(M, neighbours)` int64, row-major: the entry itself first, then the others by distance. */
export function neighbourTable ({ entries, width }: Bank, neighbours: number): BigInt64Array {
  const count = entries.length / width
  const table = new BigInt64Array(count * neighbours)
  const nearest = new Float64Array(neighbours)
  for (let row = 0; row < count; row++) {
    const first = row * neighbours
    nearest.fill(Infinity)
    for (let other = 0; other < count; other++) {
      const distance = other === row ? -1 : squaredDistance(entries, width, row, other)
      if (distance >= (nearest[neighbours - 1] as number)) continue
      let rank = neighbours - 1
      for (; rank > 0 && distance < (nearest[rank - 1] as number); rank--) {
        nearest[rank] = nearest[rank - 1] as number
        table[first + rank] = table[first + rank - 1] as bigint
      }
      nearest[rank] = distance
      table[first + rank] = BigInt(other)
    }
  }
  return table
}

function squaredDistance (entries: Float32Array, width: number, a: number, b: number): number {
  let sum = 0
  for (let column = 0; column < width; column++) {
    const difference = (entries[a * width + column] as number) - (entries[b * width + column] as number)
    sum += difference * difference
  }
  return sum
}
