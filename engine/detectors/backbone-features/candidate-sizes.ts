/** Input edges that `size: auto` leaves open. */

/** Edges tried, from cheap to dear. */
const sizeLadder = [128, 192, 256, 320, 384, 448, 512, 640, 768]
/** Neighbours on the ladder that are tried differ at least so much. */
const coarsestStep = 0.8
/** Enlarging small pictures gives the backbone room; enlarging large ones shows nothing new. Multiples of their own edge, and pixels. */
const mostEnlarged = { small: 1.5, upTo: 448, large: 1.15 }
/** The smallest picture that is tried: smaller ones lose small defects on any camera. */
const leastShare = 0.4

/** From the largest downwards, so that the picture's own size is among them. @param edge Of the pictures, pixels. */
export function candidateSizes ({ size }: { size: 'auto' | number }, edge: number): number[] {
  if (size !== 'auto') return [size]
  const largest = Math.max(mostEnlarged.large * edge, Math.min(mostEnlarged.small * edge, mostEnlarged.upTo), sizeLadder[0] as number)
  const smallest = Math.min(leastShare * edge, leastShare * (sizeLadder.at(-1) as number))
  const sizes: number[] = []
  for (const rung of sizeLadder.filter((pixels) => pixels <= largest && pixels >= smallest).reverse()) {
    if (sizes.length === 0 || rung <= coarsestStep * (sizes[0] as number)) sizes.unshift(rung)
  }
  return sizes
}
