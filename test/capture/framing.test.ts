import { describe, expect, test } from 'vitest'
import { encodeHeader, FrameReader, type WireFrame } from '../../engine/capture/framing.ts'
import { seededRandom, type Random } from '../../engine/random.ts'

interface Sent { wire: WireFrame, pixels: Uint8Array }

const whole = (random: Random, most: number): number => Math.floor(random() * (most + 1))

function randomFrame (random: Random, index: number): Sent {
  const wire: WireFrame = {
    width: 1 + whole(random, 40), height: 1 + whole(random, 40), channels: random() < 0.5 ? 1 : 3, pulled: index, dropped: whole(random, 9), capturedAt: 1.7e12 + index, partId: random() < 0.3 ? '' : `부품 ${index}/${'x'.repeat(whole(random, 50))}.png`
  }
  return { wire, pixels: Uint8Array.from({ length: wire.width * wire.height * wire.channels }, () => whole(random, 255)) }
}

function cut (bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const size = random() < 0.3 ? 1 + whole(random, 3) : 1 + whole(random, 5000)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

describe('frames on the pipe', () => {
  test('arrive whole and in order however the bytes are cut, and while memory runs out', () => {
    let refusals = 0
    for (let seed = 0; seed < 60; seed++) {
      const random = seededRandom(seed)
      const sent = Array.from({ length: 8 }, (_, index) => randomFrame(random, index))
      const got: Sent[] = []
      const scarce = seed % 2 === 1
      const reader = new FrameReader((bytes) => {
        if (scarce && random() < 0.5) { refusals++; return undefined }
        return new SharedArrayBuffer(bytes)
      }, (wire, memory) => got.push({ wire, pixels: new Uint8Array(memory) }))

      for (const chunk of cut(Buffer.concat(sent.flatMap(({ wire, pixels }) => [encodeHeader(wire), pixels])), random)) {
        for (let rest = reader.push(chunk); rest !== undefined;) rest = reader.push(rest)
      }

      expect(got).toEqual(sent.map(({ wire, pixels }) => ({ wire, pixels: new Uint8Array(pixels) })))
    }
    expect(refusals).toBeGreaterThan(30)
  })

  test('are refused when the bytes are not ours', () => {
    const random = seededRandom(1)
    const garbage = Uint8Array.from({ length: 400 }, () => whole(random, 255))
    const reader = new FrameReader((bytes) => new SharedArrayBuffer(bytes), () => undefined)
    expect(() => reader.push(garbage)).toThrow('Expected a frame header of version 1')
  })

  test.each([[{ channels: 2 as 1 }, '10x10x2'], [{ width: 0 }, '0x10x3'], [{ width: 4e9, height: 4e9 }, 'at most']])('are refused with impossible sizes %j', (change, words) => {
    const header = encodeHeader({ width: 10, height: 10, channels: 3, pulled: 1, dropped: 0, capturedAt: 0, partId: '', ...change })
    const reader = new FrameReader((bytes) => new SharedArrayBuffer(bytes), () => undefined)
    expect(() => reader.push(header)).toThrow(words)
  })
})
