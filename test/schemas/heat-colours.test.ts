import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { heatColour, heatColours } from '../../schemas/heat-colours.ts'

/** Oklab to linear sRGB, Ottosson 2020. */
function linearRgb (lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s
  ]
}

/** The transfer function of sRGB, IEC 61966-2-1. */
function gamma (value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055
}

/** The colour of that lightness and hue with the most chroma that a screen can show, up to `chroma`. */
function withinGamut (lightness: number, chroma: number, hue: number): number[] {
  for (let c = chroma; ; c -= 0.002) {
    const linear = linearRgb(lightness, Math.max(0, c) * Math.cos(hue), Math.max(0, c) * Math.sin(hue))
    if (c <= 0 || linear.every((value) => value >= 0 && value <= 1)) return linear.map((value) => Math.round(255 * gamma(Math.min(1, Math.max(0, value)))))
  }
}

/** Lightness of CIE L*a*b* (CIE 15:2004), an independent measure of what the ramp promises. */
function lightness (rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((value) => value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4) as [number, number, number]
  return 116 * Math.cbrt(0.2126 * r + 0.7152 * g + 0.0722 * b) - 16
}

describe('the heat colours', () => {
  test('are the path through Oklab that they say', () => {
    const path = Array.from({ length: 256 }, (_, i) => withinGamut(0.36 + 0.56 * i / 255, 0.22, (290 + 175 * i / 255) * Math.PI / 180))

    expect([...heatColours]).toEqual(path.flat())
  })

  test('grow lighter with every step', () => {
    const steps = Array.from({ length: 101 }, (_, i) => lightness(heatColour(i / 100)))

    for (let i = 1; i < steps.length; i++) expect(steps[i]!).toBeGreaterThan(steps[i - 1]!)
    expect(steps.at(-1)! - steps[0]!).toBeGreaterThan(50)
  })

  test('run from violet over red to yellow', () => {
    const [first, middle, last] = [heatColour(0), heatColour(0.5), heatColour(1)]

    expect(first[2]).toBeGreaterThan(first[0])
    expect(middle[0]).toBeGreaterThan(Math.max(middle[1], middle[2]) + 80)
    expect(Math.min(last[0], last[1])).toBeGreaterThan(last[2] + 150)
  })

  test('stay inside their ends', () => {
    expect(heatColour(-3)).toEqual([...heatColours.subarray(0, 3)])
    expect(heatColour(7)).toEqual([...heatColours.subarray(-3)])
  })

  test('are those of the live page’s legend', () => {
    const stops = /\.legend i [^}]*linear-gradient\(90deg, ([^)]*)\)/.exec(readFileSync(new URL('../../viewer/style.css', import.meta.url), 'utf8'))?.[1]?.split(', ') ?? []

    expect(stops).toEqual(Array.from({ length: 6 }, (_, i) => `#${Buffer.from(heatColour(i / 5)).toString('hex')}`))
  })
})
