import { describe, expect, it } from 'vitest'
import { templateGeometry } from '../../../engine/detectors/template-difference/geometry.ts'
import { buildPlanesGraph, buildRegistrationGraph } from '../../../engine/detectors/template-difference/template-graph.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { encodeModel } from '../../../engine/graph/encode.ts'
import { seededRandom } from '../../../engine/random.ts'
import { openSession } from '../../../engine/runtime/onnx-runtime.ts'

/** A scene without repetition, seen through a window at (x, y); grain of its own. */
function view (scene: number, x: number, y: number, width: number, height: number, channels: 1 | 3 = 1): RawImage {
  const random = seededRandom(scene)
  const spots = Array.from({ length: 60 }, () => ({ x: 200 * random(), y: 200 * random(), radius: 3 + 9 * random(), level: 255 * random() }))
  const grain = seededRandom(1000 * scene + 7 * x + y)
  const data = new Uint8Array(width * height * channels)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let value = 90
      for (const spot of spots) if (Math.hypot(column + x - spot.x, row + y - spot.y) < spot.radius) value = spot.level
      for (let channel = 0; channel < channels; channel++) data[(row * width + column) * channels + channel] = Math.min(255, value + 6 * grain() + 5 * channel)
    }
  }
  return { data, width, height, channels }
}

async function run (model: Uint8Array, images: readonly RawImage[]): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof openSession>>['run']>>> {
  const session = await openSession(model)
  const [first] = images
  const { width, height, channels } = first!
  const data = new Uint8Array(images.length * width * height * channels)
  images.forEach((image, index) => data.set(image.data, index * image.data.length))
  try {
    return await session.run({ image: { type: 'uint8', dims: [images.length, height, width, channels], data } })
  } finally {
    await session.close()
  }
}

describe.each([[96, 72, 1, 2], [160, 128, 3, 2], [320, 260, 1, 4]] as const)('registration at %i × %i × %i', (width, height, channels, coarse) => {
  const geometry = templateGeometry({ width, height, channels }, { size: 'auto', shift: 9 })

  it('finds the template and the shift of each picture of a batch', async () => {
    expect(geometry).toMatchObject({ coarse, height, width })
    const at = 40
    const { planes } = await run(encodeModel(buildPlanesGraph(geometry)), [view(1, at, at, width, height, channels), view(2, at, at, width, height, channels)])
    const templates = planes!.data as Uint8Array
    const shifts = [[1, 0, 0], [2, 5, -7], [1, -9, 9], [2, 1, 8], [1, -3, -2]] as const
    const answer = await run(encodeModel(buildRegistrationGraph(templates, geometry)), shifts.map(([scene, x, y]) => view(scene, at - x, at - y, width, height, channels)))
    expect([...answer['variant']!.data as BigInt64Array].map(Number)).toEqual(shifts.map(([scene]) => scene - 1))
    const aligned = answer['aligned']!.data as Float32Array
    const valid = answer['valid']!.data as Float32Array
    const plane = width * height
    shifts.forEach(([scene, x, y], index) => {
      const seen = valid.subarray(index * plane, (index + 1) * plane)
      expect(seen.reduce((sum, value) => sum + value, 0)).toBe((width - Math.abs(x)) * (height - Math.abs(y)))
      let difference = 0
      for (let i = 0; i < channels * plane; i++) difference += (seen[i % plane] as number) * Math.abs(aligned[index * channels * plane + i]! - templates[(scene - 1) * channels * plane + i]!)
      expect(difference / channels / plane).toBeLessThan(4)
    })
  })
})
