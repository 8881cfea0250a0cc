/** GStreamer pads the rows of RGB and GRAY8 to a multiple of four bytes; ours are tight. */

/** Pixels `(H, W, C)` without padding; the same array where there was none. @throws RangeError when the bytes are no such picture. */
export function tightRows (padded: Uint8Array, width: number, height: number, channels: 1 | 3): Uint8Array {
  const row = width * channels
  if (padded.byteLength === row * height) return padded
  const stride = Math.ceil(row / 4) * 4
  if (padded.byteLength !== stride * height) {
    throw new RangeError(`Expected ${stride * height} bytes for ${width}x${height}x${channels} in rows of ${stride} bytes, got ${padded.byteLength}`)
  }
  const tight = new Uint8Array(row * height)
  for (let y = 0; y < height; y++) tight.set(padded.subarray(y * stride, y * stride + row), y * row)
  return tight
}
