import { expect, it } from 'vitest'
import type { SharedPicture } from '../../engine/runtime/inference-protocol.ts'
import { paintSample } from '../../engine/runtime/sample-picture.ts'

it.each([[50, 200, 3], [7, 5, 1], [64, 64, 3]] as const)('paints all of a picture of %i x %i x %i and nothing beyond', (width, height, channels) => {
  const size = width * height * channels
  const picture: SharedPicture = { memory: new SharedArrayBuffer(size + 16), width, height, channels }
  new Uint8Array(picture.memory).fill(255, size)
  paintSample(picture)
  const pixels = new Uint8Array(picture.memory)
  expect(pixels.subarray(size).every((value) => value === 255)).toBe(true)
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width * channels, (y + 1) * width * channels)
    expect(new Set(row).size).toBeGreaterThan(1)
  }
})
