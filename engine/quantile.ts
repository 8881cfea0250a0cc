/** Quantile of ascending values between order statistics (type 7 of Hyndman and Fan 1996). `share` 0 to 1; NaN of none. */
export function quantile (ascending: ArrayLike<number>, share: number): number {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const lower = ascending[below] ?? NaN
  return lower + (position - below) * ((ascending[Math.min(below + 1, ascending.length - 1)] ?? NaN) - lower)
}

/** Of an even number of values, halfway between the middle two; NaN of none. */
export function median (values: readonly number[]): number {
  return quantile(values.toSorted((a, b) => a - b), 0.5)
}

/** Of an even number of values, the greater of the middle two, so that it is always one of them; NaN of none. */
export function upperMedian (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}
