import { describe, expect, test } from 'vitest'
import { FrameMemory } from '../../engine/frame/frame-memory.ts'
import { Frame } from '../../engine/frame/frame.ts'

const BYTES = 64 * 48 * 3

function newFrame (memory: FrameMemory): Frame {
  const buffer = memory.take(BYTES)
  if (buffer === undefined) throw new Error('Expected memory')
  return new Frame({ source: 'test', sequence: 0, width: 64, height: 48, channels: 3, memory: buffer })
}

async function released (memory: FrameMemory): Promise<void> {
  return new Promise((resolve) => { memory.whenReleased(resolve) })
}

describe('memory of frames', () => {
  test('is used again once a frame is gone', async () => {
    const memory = new FrameMemory()
    for (let count = 0; count < 10; count++) newFrame(memory)
    expect(memory.counters).toMatchObject({ taken: 10, reused: 0 })

    await released(memory)
    const { liveBytes, idleBytes } = memory.counters
    expect(liveBytes + idleBytes).toBe(10 * BYTES)
    expect(idleBytes).toBeGreaterThan(0)
    newFrame(memory)

    expect(memory.counters.reused).toBe(1)
  })

  test('is kept while a view of it lives, whether the frame does or not', async () => {
    const memory = new FrameMemory()
    const views = Array.from({ length: 5 }, (_, index) => newFrame(memory).pixels().fill(index + 1))
    for (let count = 0; count < 5; count++) newFrame(memory)

    while (memory.counters.liveBytes > 5 * BYTES) await released(memory)
    // What is taken now must be the memory of the others.
    const others = Array.from({ length: 5 }, () => newFrame(memory).pixels().fill(99))

    expect(memory.counters.reused).toBe(5)
    expect(views.map((view) => [view[0], view.at(-1)])).toEqual([1, 2, 3, 4, 5].map((value) => [value, value]))
    expect(others).toHaveLength(5)
  })

  test('has a bound, and says when there is room again', async () => {
    const memory = new FrameMemory({ liveLimit: 3 * BYTES })
    const held: Array<Frame | undefined> = [newFrame(memory), newFrame(memory), newFrame(memory)]
    expect(memory.take(BYTES)).toBeUndefined()
    expect(memory.counters.refused).toBe(1)

    held.length = 0
    await released(memory)

    expect(memory.take(BYTES)).toBeInstanceOf(SharedArrayBuffer)
  })

  test('gives one frame more than the bound when the bound is less than a frame', () => {
    expect(new FrameMemory({ liveLimit: 10 }).take(BYTES)).toBeInstanceOf(SharedArrayBuffer)
  })

  test('asks for a collection by itself before much is allocated', () => {
    const asked: string[] = []
    const memory = new FrameMemory({ collectEvery: 4 * BYTES, collect: (kind) => asked.push(kind) })
    for (let count = 0; count < 4; count++) newFrame(memory)
    return new Promise<void>((resolve) => {
      setTimeout(() => {
        expect(asked).toEqual(['minor'])
        resolve()
      }, 5)
    })
  })
})
