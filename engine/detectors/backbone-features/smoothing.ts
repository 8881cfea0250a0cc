/** Smoothing of maps, inside the graph. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'

/** Separable Gaussian, the border continued by its last value. `sigma` in positions of the map. */
export function addSmoothing (builder: GraphBuilder, map: Value, sigma: number): Value {
  const radius = Math.ceil(3 * sigma)
  if (radius === 0) return map
  const kernel = gaussianKernel(sigma, radius)
  const padded = builder.node('Pad', [map, builder.whole(0, 0, radius, radius, 0, 0, radius, radius)], { mode: 'edge' })
  const rows = builder.node('Conv', [padded, builder.constant(kernel, [1, 1, kernel.length, 1], 'gaussian')])
  return builder.node('Conv', [rows, builder.constant(kernel, [1, 1, 1, kernel.length], 'gaussian')])
}

/** Samples of a Gaussian at whole positions, summing to one. */
export function gaussianKernel (sigma: number, radius: number): Float32Array {
  const samples = Float64Array.from({ length: 2 * radius + 1 }, (_, index) => Math.exp(-((index - radius) ** 2) / (2 * sigma * sigma)))
  const sum = samples.reduce((total, value) => total + value, 0)
  return Float32Array.from(samples, (value) => value / sum)
}
