import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { FrameMemory } from '../../engine/frame/frame-memory.ts'
import { Frame } from '../../engine/frame/frame.ts'

const MIB = 2 ** 20
const BYTES = 640 * 480 * 3

/** Resident bytes of this process after 1200 frames (1.1 GB), minus before. */
async function growth (each: (frame: Frame) => void): Promise<number> {
  const memory = new FrameMemory()
  let most = 0
  const before = process.memoryUsage.rss()
  for (let sequence = 0; sequence < 1200; sequence++) {
    const buffer = memory.take(BYTES)
    if (buffer === undefined) throw new Error('Expected memory')
    const frame = new Frame({ source: 'test', sequence, width: 640, height: 480, channels: 3, memory: buffer })
    frame.pixels().fill(sequence)
    each(frame)
    if (sequence % 20 === 0) {
      most = Math.max(most, process.memoryUsage.rss() - before)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
  return most
}

describe('memory of frames', () => {
  test('comes back while frames pass by the gigabyte', async () => {
    expect(await growth(() => undefined)).toBeLessThan(300 * MIB)
  })

  test('is kept for as long as a view of it lives, whether the frame does or not', async () => {
    const views: Uint8Array[] = []
    await growth((frame) => { if (frame.sequence % 100 === 0) views.push(frame.pixels()) })
    expect(views.map((view) => [view[0], view.at(-1)])).toEqual(views.map((_, index) => [index * 100 % 256, index * 100 % 256]))
  })

  test('that the machine lacks is waited for, for a while', async () => {
    let available = 0
    const memory = new FrameMemory({ available: () => available, collect: () => {} })
    await expect(memory.takeWithin(100, MIB)).rejects.toMatchObject({ code: 'GOODPARTS_MEMORY_LOW', message: expect.stringContaining('193 MiB of memory') as string, fix: expect.stringContaining('Free memory') as string })
    const waiting = memory.takeWithin(60_000, MIB)
    await new Promise((resolve) => { setImmediate(resolve) })
    available = 2 ** 30
    expect((await waiting).byteLength).toBe(MIB)
  })

  test('comes back in a worker that is sent frames', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads')
      import(${JSON.stringify(new URL('../../engine/frame/frame-memory.ts', import.meta.url).href)}).then(({ frameMemory }) => {
        parentPort.on('message', (memory) => {
          frameMemory.saw(memory.byteLength)
          parentPort.postMessage(frameMemory.counters.youngCollections)
        })
        parentPort.postMessage(0)
      })`
    const worker = new Worker(source, { eval: true })
    let collections = 0
    const answer = async (): Promise<void> => new Promise((resolve) => { worker.once('message', (count: number) => { collections = count; resolve() }) })
    await answer()
    for (let count = 0; count < 60; count++) {
      worker.postMessage(new SharedArrayBuffer(BYTES))
      await answer()
    }
    await worker.terminate()
    expect(collections).toBe(2)
  })

  test('collects everything when the process has grown by much, and not all the time', () => {
    const asked: string[] = []
    const state = { resident: 100 * MIB, now: 0 }
    const memory = new FrameMemory({ collect: (generation) => asked.push(generation), resident: () => state.resident, available: () => 8192 * MIB, now: () => state.now })
    memory.saw(24 * MIB)
    expect(asked).toEqual(['young'])

    state.resident = 700 * MIB
    memory.saw(24 * MIB)
    expect(asked).toEqual(['young', 'young', 'full'])

    state.resident = 5000 * MIB
    memory.saw(24 * MIB)
    memory.saw(24 * MIB)
    expect(asked.filter((generation) => generation === 'full')).toHaveLength(1)
  })

  test('is refused when the machine has too little left, and given again after', async () => {
    const state = { available: 100 * MIB }
    const asked: string[] = []
    const memory = new FrameMemory({ available: () => state.available, collect: (generation) => asked.push(generation) })
    expect(memory.take(BYTES)).toBeUndefined()
    expect(asked).toEqual(['full'])
    expect(memory.counters.refused).toBe(1)

    state.available = 1000 * MIB
    await new Promise<void>((resolve) => { memory.whenReleased(resolve) })

    expect(memory.take(BYTES)?.byteLength).toBe(BYTES)
  })
})
