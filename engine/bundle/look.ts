/** How a picture looks, as a vector: pictures that look alike lie near, be it by where things are or by a texture that lies elsewhere each time. */
import { resizeImage, type RawImage } from '../frame/image-codec.ts'

/** Pixels, a power of 2, of the picture whose spectrum stands for the texture. */
const textureEdge = 128
/** Pixels of the thumbnail that stands for the layout. */
const layoutEdge = 32
/** Per octave of spatial frequency. */
const bandsPerOctave = 4
const bands = bandsPerOctave * Math.log2(textureEdge / 2) + 1
/** Of half a turn: a spectrum of real values has no more. */
const orientations = 4
/** Of the texture to the layout, in squared distance. Layouts of random textures differ by chance, which must not outweigh another pitch. */
const textureWeight = 4

/** By cell of the spectrum: what it adds to, as four pairs of bin and share. */
interface Bins {
  index: Int32Array
  share: Float32Array
}
let binsOfCells: Bins | undefined

/**
 * `(32 * 32 + 25 * 4)`: the grey thumbnail of unit length less its mean, so that the squared distance is `2 (1 - correlation)`; and the square roots
 * of the shares of power by frequency and orientation, so that it is four times that of Hellinger. Neither exposure nor contrast counts, nor, in
 * the second, where things lie (a spectrum's power stays as it is under shifts). A part without contrast is zero.
 */
export async function lookOf (image: RawImage): Promise<Float32Array> {
  const grey = await greyOf(image)
  const layout = layoutOf(grey)
  const texture = textureOf(grey)
  const look = new Float32Array(layout.length + texture.length)
  look.set(layout)
  look.set(texture.map((value) => value * Math.sqrt(textureWeight)), layout.length)
  return look
}

export function squaredDistance (a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0)
}

/** `(textureEdge, textureEdge)` less its mean, zero where that leaves nothing but rounding. */
async function greyOf (image: RawImage): Promise<Float32Array> {
  const { data, channels } = await resizeImage(image, textureEdge, textureEdge)
  const grey = Float32Array.from({ length: textureEdge ** 2 }, (_, i) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += data[i * channels + channel] as number
    return sum / channels
  })
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length
  const contrast = Math.sqrt(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length)
  return grey.map((value) => contrast < 0.5 ? 0 : value - mean)
}

/** Zero stays zero. */
function unit (values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  return length > 0 ? values.map((value) => value / length) : values
}

/** `(layoutEdge, layoutEdge)` of unit length: means over squares. */
function layoutOf (grey: Float32Array): Float32Array {
  const square = textureEdge / layoutEdge
  const sums = new Float32Array(layoutEdge ** 2)
  grey.forEach((value, i) => {
    const cell = Math.floor(i / textureEdge / square) * layoutEdge + Math.floor(i % textureEdge / square)
    sums[cell] = (sums[cell] as number) + value
  })
  return unit(sums)
}

/** `(bands, orientations)` of unit length. */
function textureOf (grey: Float32Array): Float32Array {
  const power = powerSpectrum(grey)
  const { index, share } = binsOfCells ??= cellBins()
  const texture = new Float32Array(bands * orientations)
  index.forEach((bin, i) => { texture[bin] = (texture[bin] as number) + (power[i >> 2] as number) * (share[i] as number) })
  const total = texture.reduce((sum, value) => sum + value, 0)
  return total > 0 ? texture.map((value) => Math.sqrt(value / total)) : texture
}

/** Each cell goes to the two nearest bands and the two nearest orientations, by how near they are: no pitch lies on an edge between bins. */
function cellBins (): Bins {
  const bins: Bins = { index: new Int32Array(4 * textureEdge ** 2), share: new Float32Array(4 * textureEdge ** 2) }
  for (let cell = 0; cell < textureEdge ** 2; cell++) {
    const [fx, fy] = [cell % textureEdge, Math.floor(cell / textureEdge)].map((f) => f < textureEdge / 2 ? f : f - textureEdge) as [number, number]
    const radius = Math.hypot(fx, fy)
    if (radius < 1 || radius > textureEdge / 2) continue
    const band = bandsPerOctave * Math.log2(radius)
    const orientation = ((Math.atan2(fy, fx) / Math.PI + 1) % 1) * orientations
    for (let corner = 0; corner < 4; corner++) {
      const [b, o] = [Math.floor(band) + (corner & 1), Math.floor(orientation) + (corner >> 1)]
      const share = (1 - Math.abs(band - b)) * (1 - Math.abs(orientation - o))
      if (share <= 0) continue
      bins.index[4 * cell + corner] = b * orientations + o % orientations
      bins.share[4 * cell + corner] = share
    }
  }
  return bins
}

/** Of `(textureEdge, textureEdge)` under Hann's window, which keeps the picture's edges out of it. */
function powerSpectrum (values: Float32Array): Float64Array {
  const window = Float64Array.from({ length: textureEdge }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * (i + 0.5) / textureEdge))
  const real = Float64Array.from(values, (value, i) => value * (window[i % textureEdge] as number) * (window[Math.floor(i / textureEdge)] as number))
  const imaginary = new Float64Array(real.length)
  for (let line = 0; line < textureEdge; line++) transform(real, imaginary, line * textureEdge, 1)
  for (let line = 0; line < textureEdge; line++) transform(real, imaginary, line, textureEdge)
  return real.map((value, i) => value * value + (imaginary[i] as number) ** 2)
}

/** Discrete Fourier transform in place of the `textureEdge` values from `start` on, `step` apart: radix 2, decimation in time (Cooley and Tukey 1965). */
function transform (real: Float64Array, imaginary: Float64Array, start: number, step: number): void {
  const at = (i: number): number => start + i * step
  for (let i = 0, reversed = 0; i < textureEdge; i++) {
    if (i < reversed) for (const part of [real, imaginary]) [part[at(i)], part[at(reversed)]] = [part[at(reversed)] as number, part[at(i)] as number]
    let bit = textureEdge >> 1
    for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit
    reversed |= bit
  }
  for (let half = 1; half < textureEdge; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos(Math.PI * k / half), -Math.sin(Math.PI * k / half)]
      for (let i = k; i < textureEdge; i += 2 * half) {
        const [low, high] = [at(i), at(i + half)]
        const re = (real[high] as number) * cos - (imaginary[high] as number) * sin
        const im = (real[high] as number) * sin + (imaginary[high] as number) * cos
        real[high] = (real[low] as number) - re
        imaginary[high] = (imaginary[low] as number) - im
        real[low] = (real[low] as number) + re
        imaginary[low] = (imaginary[low] as number) + im
      }
    }
  }
}
