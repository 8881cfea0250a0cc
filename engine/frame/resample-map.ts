/** A map `(h, w)` between its cells (bilinear, cell centres at half numbers) on a grid of `width` x `height` that covers the same picture. */
export function resampleMap (map: { values: Float32Array, height: number, width: number }, width: number, height: number): Float32Array {
  if (map.width === width && map.height === height) return map.values
  const columns = weights(width, map.width)
  const rows = weights(height, map.height)
  const result = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    const [top, down] = [(rows.first[y] as number) * map.width, rows.share[y] as number]
    const bottom = (rows.second[y] as number) * map.width
    for (let x = 0; x < width; x++) {
      const [left, right, across] = [columns.first[x] as number, columns.second[x] as number, columns.share[x] as number]
      const upper = (1 - across) * (map.values[top + left] as number) + across * (map.values[top + right] as number)
      const lower = (1 - across) * (map.values[bottom + left] as number) + across * (map.values[bottom + right] as number)
      result[y * width + x] = (1 - down) * upper + down * lower
    }
  }
  return result
}

function weights (pixels: number, cells: number): { first: Int32Array, second: Int32Array, share: Float32Array } {
  const [first, second, share] = [new Int32Array(pixels), new Int32Array(pixels), new Float32Array(pixels)]
  for (let pixel = 0; pixel < pixels; pixel++) {
    const position = Math.min(cells - 1, Math.max(0, (pixel + 0.5) * cells / pixels - 0.5))
    first[pixel] = Math.floor(position)
    second[pixel] = Math.min(cells - 1, Math.floor(position) + 1)
    share[pixel] = position - Math.floor(position)
  }
  return { first, second, share }
}
