import { describe, expect, test } from 'vitest'
import type { Picture } from '../../native-pipelines/host/frame-writer.ts'
import { Outlet } from '../../native-pipelines/host/outlet.ts'
import { tightRows } from '../../native-pipelines/host/tight-rows.ts'

/** A pipe that takes a picture only when told to. */
class SlowPipe {
  readonly written: string[] = []
  #release: Array<() => void> = []

  async write (picture: Picture): Promise<void> {
    this.written.push(picture.partId)
    return new Promise((resolve) => { this.#release.push(resolve) })
  }

  async takeOne (): Promise<void> {
    this.#release.shift()?.()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

const picture = (partId: string): Picture => ({ partId, pixels: new Uint8Array(1), width: 1, height: 1, channels: 1, capturedAt: 0 })

describe('the outlet of a capture process', () => {
  test('replaces the picture that waits by a newer one', async () => {
    const pipe = new SlowPipe()
    const outlet = new Outlet(pipe, { policy: 'newest', triggered: false })

    for (const id of ['a', 'b', 'c', 'd']) await outlet.put(picture(id))
    await pipe.takeOne()

    expect(pipe.written).toEqual(['a', 'd'])
    expect([outlet.pulled, outlet.sent, outlet.dropped]).toEqual([4, 2, 2])
  })

  test('makes the graph wait when every picture counts', async () => {
    const pipe = new SlowPipe()
    const outlet = new Outlet(pipe, { policy: 'every', triggered: false })
    await outlet.put(picture('a'))
    let room = false
    const put = outlet.put(picture('b')).then(() => { room = true })
    await new Promise((resolve) => { setImmediate(resolve) })
    expect([room, outlet.waiting]).toEqual([false, true])

    await pipe.takeOne()
    await put

    expect(pipe.written).toEqual(['a', 'b'])
    expect([outlet.waiting, outlet.dropped]).toEqual([false, 0])
  })

  test('triggered, sends the newest at hand once, and the next for a trigger that comes before it', async () => {
    const pipe = new SlowPipe()
    const outlet = new Outlet(pipe, { policy: 'newest', triggered: true })
    await outlet.put(picture('a'))
    await outlet.put(picture('b'))
    expect(pipe.written).toEqual([])

    outlet.trigger()
    await pipe.takeOne()
    outlet.trigger()
    expect(pipe.written).toEqual(['b'])
    await outlet.put(picture('c'))

    expect(pipe.written).toEqual(['b', 'c'])
    expect(outlet.dropped).toBe(1)
  })

  test('is drained when what may be sent is sent', async () => {
    const pipe = new SlowPipe()
    const outlet = new Outlet(pipe, { policy: 'newest', triggered: false })
    await outlet.put(picture('a'))
    await outlet.put(picture('b'))
    let drained = false
    const wait = outlet.drained().then(() => { drained = true })
    await pipe.takeOne()
    expect(drained).toBe(false)
    await pipe.takeOne()
    await wait
    expect(pipe.written).toEqual(['a', 'b'])
  })
})

describe('rows', () => {
  test.each([[1, 3], [2, 3], [3, 1], [4, 1], [5, 3]] as const)('lose their padding at width %i with %i channels', (width, channels) => {
    const row = width * channels
    const stride = Math.ceil(row / 4) * 4
    const padded = Uint8Array.from({ length: stride * 3 }, (_, at) => at % stride < row ? Math.floor(at / stride) * 16 + at % stride : 255)

    expect([...tightRows(padded, width, 3, channels)]).toEqual([0, 1, 2].flatMap((y) => Array.from({ length: row }, (_, x) => y * 16 + x)))
  })

  test('of another length are refused', () => {
    expect(() => tightRows(new Uint8Array(10), 3, 3, 1)).toThrow('Expected 12 bytes')
  })
})
