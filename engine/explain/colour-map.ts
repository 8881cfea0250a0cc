/**
 * The colours of heatmaps: violet over red to yellow, lightness rising evenly as the eye sees it, so that equal steps of the map look equal and
 * a grey print keeps the order. A path through Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020).
 */

/** 256 colours, `(256, 3)` uint8 sRGB, from least to most. */
export const heatColours: Uint8Array = heatRamp(256)

function heatRamp (steps: number): Uint8Array {
  const colours = new Uint8Array(steps * 3)
  for (let i = 0; i < steps; i++) {
    const t = i / (steps - 1)
    colours.set(withinGamut(0.36 + 0.56 * t, 0.22, (290 + 175 * t) * Math.PI / 180), i * 3)
  }
  return colours
}

/** The colour of that lightness and hue with the most chroma that a screen can show, up to `chroma`. */
function withinGamut (lightness: number, chroma: number, hue: number): number[] {
  for (let c = chroma; ; c -= 0.002) {
    const linear = linearRgb(lightness, Math.max(0, c) * Math.cos(hue), Math.max(0, c) * Math.sin(hue))
    if (c <= 0 || linear.every((value) => value >= 0 && value <= 1)) return linear.map((value) => Math.round(255 * gamma(Math.min(1, Math.max(0, value)))))
  }
}

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
