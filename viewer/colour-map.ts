/**
 * Inferno by Nathaniel Smith and Stéfan van der Walt (CC0): perceptually uniform, and its lightness grows all the way, so it reads the same for
 * people who do not tell red from green. Nine support points, linear between them; the darkest quarter is left out, since it would vanish on a dark part.
 */
const SUPPORT: ReadonlyArray<readonly [number, number, number]> = [
  [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164]
]
const FIRST = 0.3

/** Red, green, blue 0 to 255 for `share` 0 (just above the threshold) to 1 (the peak). */
export function heatColour (share: number): [number, number, number] {
  const position = (FIRST + (1 - FIRST) * Math.min(1, Math.max(0, share))) * (SUPPORT.length - 1)
  const below = Math.min(Math.floor(position), SUPPORT.length - 2)
  const from = SUPPORT[below] as readonly [number, number, number]
  const to = SUPPORT[below + 1] as readonly [number, number, number]
  const mix = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * (position - below))
  return [mix(0), mix(1), mix(2)]
}
