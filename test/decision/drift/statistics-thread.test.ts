import { afterEach, describe, expect, it } from 'vitest'
import { measurePicture } from '../../../engine/decision/drift/image-statistics.ts'
import { StatisticsThread } from '../../../engine/decision/drift/statistics-thread.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { seededRandom } from '../../../engine/random.ts'

let thread: StatisticsThread
afterEach(async () => { await thread.close() })

function frameOf (seed: number, channels: 1 | 3): Frame {
  const random = seededRandom(seed)
  const [width, height] = [200, 120]
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, index) => 100 + 60 * Math.sin(index / channels % width / 9 + seed) + 20 * random())
  return Frame.fromPixels(pixels, { source: 'test', sequence: seed, width, height, channels })
}

describe('the thread that measures pictures', () => {
  it.each([1, 3] as const)('says what measurePicture says, of %i channels', async (channels) => {
    thread = new StatisticsThread('statistics')
    const [first, second] = [frameOf(1, channels), frameOf(2, channels)]
    const image = (frame: Frame): Parameters<typeof measurePicture>[0] => ({ data: frame.pixels(), width: 200, height: 120, channels })
    const reference = measurePicture(image(first), null)
    expect(await thread.measure(first, null)).toEqual(reference)
    const measured = await thread.measure(second, reference.profiles)
    expect(measured).toEqual(measurePicture(image(second), reference.profiles))
    expect(measured.shift).toBeGreaterThan(1)
  })

  it('takes one picture at a time, and counts the others', async () => {
    thread = new StatisticsThread('statistics')
    const ends = await Promise.allSettled([1, 2, 3].map(async (seed) => thread.measure(frameOf(seed, 1), null)))
    expect(ends.map((end) => end.status === 'rejected' ? (end.reason as { code: string }).code : 'measured')).toEqual(['measured', 'GOODPARTS_QUEUE_FULL', 'GOODPARTS_QUEUE_FULL'])
    expect(thread.ledger).toEqual({ hop: 'statistics', in: 3, out: 1, dropped: { 'queue-full': 2 }, inFlight: 0 })
  })
})
