/** The patch memory in plain loops, for comparison with its graphs. */
import type { Backbone } from '../../../engine/backbones/backbone.ts'
import type { Projection } from '../../../engine/detectors/backbone-features/feature-graph.ts'

export function normalised (image: { dims: readonly number[], data: Uint8Array }, mode: 'backbone' | 'image', backbone: Backbone): Float32Array {
  const [count = 0, height = 0, width = 0, channels = 0] = image.dims
  const area = height * width
  const result = new Float32Array(count * 3 * area)
  for (let picture = 0; picture < count; picture++) {
    const pixels = image.data.subarray(picture * area * channels, (picture + 1) * area * channels)
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length
    const deviation = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length + 1)
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        const value = pixels[pixel * channels + channel % channels]!
        result[(picture * 3 + channel) * area + pixel] = mode === 'image' ? (value - mean) / deviation : (value - backbone.mean[channel]!) / backbone.deviation[channel]!
      }
    }
  }
  return result
}

export function averageLocally (values: Float32Array, planes: number, edge: number): Float32Array {
  return mapPlanes(planes, edge, (plane, y, x) => {
    let sum = 0
    for (let v = Math.max(0, y - 1); v <= Math.min(edge - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(edge - 1, x + 1); u++) sum += values[(plane * edge + v) * edge + u]!
    }
    return sum / 9
  })
}

/** Bilinear with half-pixel centres. */
export function enlargeTwice (values: Float32Array, planes: number, edge: number): Float32Array {
  const at = (plane: number, y: number, x: number): number =>
    values[(plane * edge + Math.min(edge - 1, Math.max(0, y))) * edge + Math.min(edge - 1, Math.max(0, x))]!
  return mapPlanes(planes, 2 * edge, (plane, y, x) => {
    const v = (y + 0.5) / 2 - 0.5
    const u = (x + 0.5) / 2 - 0.5
    const top = Math.floor(v)
    const left = Math.floor(u)
    const mix = (row: number): number => at(plane, row, left) * (1 - u + left) + at(plane, row, left + 1) * (u - left)
    return mix(top) * (1 - v + top) + mix(top + 1) * (v - top)
  })
}

/** Maps `(N, C, grid, grid)` to rows `(N, grid², sum of C)`. */
export function sideBySide (maps: Array<{ channels: number, values: Float32Array }>, pictures: number, grid: number): number[] {
  const rows: number[] = []
  for (let picture = 0; picture < pictures; picture++) {
    for (let position = 0; position < grid * grid; position++) {
      for (const { channels, values } of maps) {
        for (let channel = 0; channel < channels; channel++) rows.push(values[(picture * channels + channel) * grid * grid + position]!)
      }
    }
  }
  return rows
}

export function project (features: Float32Array, { mean, matrix }: Projection, width: number): Float32Array {
  const rows = features.length / mean.length
  const result = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let k = 0; k < mean.length; k++) sum += (features[row * mean.length + k]! - mean[k]!) * matrix[k * width + column]!
      result[row * width + column] = sum
    }
  }
  return result
}

export function scoreNaively (features: Float32Array, bank: Float32Array, options: { width: number, grid: number, pictures: number, neighbours: number, k?: number, sigma: number }): { scores: number[], maps: number[] } {
  const { width, grid, pictures, neighbours, k = 1, sigma } = options
  const entries = Array.from({ length: bank.length / width }, (_, row) => bank.subarray(row * width, (row + 1) * width))
  const distance = (a: Float32Array, b: Float32Array): number => Math.sqrt(a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0))
  const scores: number[] = []
  const maps: number[] = []
  for (let picture = 0; picture < pictures; picture++) {
    const patches = Array.from({ length: grid * grid }, (_, position) => features.subarray((picture * grid * grid + position) * width, (picture * grid * grid + position + 1) * width))
    const nearest = patches.map((patch) => {
      const distances = entries.map((entry) => distance(patch, entry)).sort((a, b) => a - b).slice(0, k)
      return distances.reduce((sum, value) => sum + value, 0) / distances.length
    })
    const largest = Math.max(...nearest)
    const farthest = patches[nearest.indexOf(largest)]!
    const entry = entries.reduce((best, candidate) => distance(farthest, candidate) < distance(farthest, best) ? candidate : best)
    const around = [...entries].sort((a, b) => distance(entry, a) - distance(entry, b)).slice(0, neighbours)
    const weights = around.map((candidate) => Math.exp(distance(farthest, candidate) - largest))
    const share = Math.exp(distance(farthest, entry) - largest) / weights.reduce((sum, weight) => sum + weight, 0)
    scores.push(neighbours > 1 ? (1 - share) * largest : largest)
    maps.push(...smooth(nearest, grid, sigma))
  }
  return { scores, maps }
}

function smooth (values: number[], grid: number, sigma: number): number[] {
  if (sigma === 0) return values
  const radius = Math.ceil(3 * sigma)
  const clamp = (index: number): number => Math.min(grid - 1, Math.max(0, index))
  return values.map((_, position) => {
    let sum = 0
    let total = 0
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const weight = Math.exp(-(dy * dy + dx * dx) / (2 * sigma * sigma))
        sum += weight * values[clamp(Math.floor(position / grid) + dy) * grid + clamp(position % grid + dx)]!
        total += weight
      }
    }
    return sum / total
  })
}

function mapPlanes (planes: number, edge: number, value: (plane: number, y: number, x: number) => number): Float32Array {
  return Float32Array.from({ length: planes * edge * edge }, (_, index) =>
    value(Math.floor(index / edge / edge), Math.floor(index / edge) % edge, index % edge))
}
