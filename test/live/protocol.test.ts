import { describe, expect, it } from 'vitest'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { encodePacket } from '../../engine/live/protocol.ts'
import { seededRandom } from '../../engine/random.ts'
import { validate } from '../../engine/schema-validation.ts'
import { decodePacket } from '../../viewer/packet.ts'

const frame = { id: 'f', source: '라인 1/camera', sequence: 7, capturedAt: '2026-01-01T00:00:00.000Z', width: 8, height: 4, channels: 3 } as const

function exact (packet: Buffer): ArrayBuffer {
  return new Uint8Array(packet).buffer
}

describe('a picture packet', () => {
  it('comes out as it went in, for any sizes, names and maps', () => {
    const random = seededRandom(11)
    for (let round = 0; round < 300; round++) {
      const height = 1 + Math.floor(random() * 30)
      const width = 1 + Math.floor(random() * 30)
      const jpeg = Uint8Array.from({ length: 1 + Math.floor(random() * 500) }, () => random() * 256)
      const values = Float32Array.from({ length: height * width }, () => (random() - 0.3) * 10 ** (random() * 8 - 4))
      const map = random() < 0.3 ? null : new AnomalyMap(values, height, width).quantised()
      const line = String.fromCodePoint(...Array.from({ length: 1 + Math.floor(random() * 12) }, () => 0x20 + Math.floor(random() * 0xb000)))

      const { header, jpeg: jpegOut, cells } = decodePacket(exact(encodePacket({ line, packet: round, frame, record: null }, jpeg, map)))

      expect(validate('live', header)).toMatchObject({ kind: 'frame', line, packet: round, frame, record: null })
      expect(jpegOut).toEqual(jpeg)
      expect(cells).toEqual(map?.cells ?? null)
      if (map === null || header.map === null) continue
      const step = (header.map.maximum - header.map.minimum) / 255
      const errors = values.map((value, i) => Math.abs(map.minimum + step * (cells?.[i] ?? 0) - value))
      expect(Math.max(...errors)).toBeLessThanOrEqual(step * 0.50001)
    }
  })

  it('keeps maps that are flat or hold what is no number', () => {
    expect(new AnomalyMap(new Float32Array(4).fill(3), 2, 2).quantised()).toMatchObject({ minimum: 3, maximum: 3, cells: new Uint8Array(4) })
    expect(new AnomalyMap(Float32Array.of(NaN, 1, Infinity, 2), 2, 2).quantised()).toMatchObject({ minimum: 1, maximum: 2, cells: Uint8Array.of(0, 0, 0, 255) })
    expect(new AnomalyMap(Float32Array.of(NaN), 1, 1).quantised()).toMatchObject({ minimum: 0, maximum: 0 })
  })

  it('carries a large map reduced, with its peaks', () => {
    const values = Float32Array.from({ length: 300 * 600 }, (_, i) => i % 7)
    values[299 * 600 + 599] = 70
    const { height, width, maximum, cells } = new AnomalyMap(values, 300, 600).quantised()
    expect([height, width, maximum]).toEqual([100, 200, 70])
    expect(cells.at(-1)).toBe(255)
    expect(Math.max(...cells.subarray(0, -1))).toBe(0)
    const odd = new AnomalyMap(Float32Array.from({ length: 257 * 3 }, (_, i) => i), 257, 3).quantised()
    expect([odd.height, odd.width, odd.minimum, odd.maximum]).toEqual([129, 2, 4, 770])
  })

  it('is refused when it is cut, too long or something else', () => {
    const whole = encodePacket({ line: 'a', packet: 0, frame, record: null }, Uint8Array.of(1, 2, 3), null)
    expect(() => decodePacket(exact(whole.subarray(0, whole.length - 1)))).toThrow(RangeError)
    expect(() => decodePacket(exact(Buffer.concat([whole, whole])))).toThrow(RangeError)
    expect(() => decodePacket(exact(whole.subarray(0, 6)))).toThrow(RangeError)
    expect(() => decodePacket(exact(Buffer.from('GIF89a and so on')))).toThrow(RangeError)
  })
})
