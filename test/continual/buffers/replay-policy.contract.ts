/** What every replay policy keeps to. */
import { describe, expect, it } from 'vitest'
import { ReplayBuffer } from '../../../engine/continual/buffers/replay-buffer.ts'
import type { Head, ReplayPolicy } from '../../../engine/continual/buffers/replay-policy.ts'
import { clusters } from '../clusters.ts'

/** Sure of the class of the largest feature. */
export const centreHead: Head = {
  classes: ['a', 'b', 'c', 'd'],
  probabilities: (features) => {
    const powers = Float64Array.from(features.subarray(0, 4), (value) => Math.exp(3 * value))
    const sum = powers.reduce((total, value) => total + value, 0)
    return powers.map((value) => value / sum)
  },
  stepped: () => centreHead
}

const unbounded = 1e12

export function itIsAReplayPolicy (policy: ReplayPolicy): void {
  const lots = [clusters({ classes: ['a', 'b'], each: 40, seed: 1 }), clusters({ classes: ['c', 'd'], each: 40, seed: 2 }), clusters({ classes: ['a', 'd'], each: 20, seed: 3 })]
  const filled = (seed: number, bounds = { items: 24, bytes: unbounded }): ReplayBuffer => {
    const buffer = new ReplayBuffer(policy, bounds, seed)
    for (const lot of lots) buffer.observe(lot, centreHead)
    return buffer
  }

  describe(`the replay policy ${policy.name}`, () => {
    it('fills the memory and never more', () => {
      expect(filled(1).exemplars).toHaveLength(24)
    })

    it('keeps everything while there is room', () => {
      const buffer = new ReplayBuffer(policy, { items: 500, bytes: unbounded }, 1)
      for (const lot of lots) buffer.observe(lot, centreHead)
      expect(new Set(buffer.exemplars.map(({ id }) => id)).size).toBe(200)
    })

    it('stays within its bytes', () => {
      const buffer = filled(1, { items: 24, bytes: 9_500 })
      expect(buffer.bytes).toBeLessThanOrEqual(9_500)
      expect(buffer.exemplars).toHaveLength(9)
    })

    it('keeps each picture once, however often it comes', () => {
      const buffer = filled(2)
      buffer.observe(lots.flat(), centreHead)
      const ids = buffer.exemplars.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.length).toBe(24)
    })

    it('says of each exemplar why it is kept, and keeps it as it came', () => {
      const came = new Map(lots.flat().map((item) => [item.id, item]))
      for (const { id, label, features, bytes, group, reason } of filled(3).exemplars) {
        expect(reason).toMatch(/\w+ \w+/)
        expect({ id, label, features, bytes, group }).toEqual(came.get(id))
      }
    })

    it('chooses the same for the same seed', () => {
      expect(filled(4).exemplars).toEqual(filled(4).exemplars)
    })

    it('goes on from a stored state as from its own', () => {
      const buffer = new ReplayBuffer(policy, { items: 24, bytes: unbounded }, 5)
      buffer.observe(lots[0]!, centreHead)
      const again = new ReplayBuffer(policy, { items: 24, bytes: unbounded }, 6, structuredClone(buffer.state))
      expect(again.exemplars).toEqual(buffer.exemplars)
      again.observe(lots[1]!, centreHead)
      expect(again.exemplars).toHaveLength(24)
      expect(again.state.seen).toEqual({ a: 40, b: 40, c: 40, d: 40 })
    })

    it('replays exemplars without repetition, as many as asked for', () => {
      const buffer = filled(7)
      const kept = new Set(buffer.exemplars)
      const replayed = buffer.retrieve({ count: 10, head: centreHead, incoming: lots[1]!.slice(0, 10), learningRate: 0.1 })
      expect(replayed).toHaveLength(10)
      expect(new Set(replayed).size).toBe(10)
      expect(replayed.every((exemplar) => kept.has(exemplar))).toBe(true)
      expect(buffer.retrieve({ count: 99, head: null, incoming: [], learningRate: 0.1 })).toHaveLength(24)
    })

    it('replays nothing from nothing, and takes in an empty lot', () => {
      const buffer = new ReplayBuffer(policy, { items: 5, bytes: unbounded }, 1)
      buffer.observe([])
      expect(buffer.retrieve({ count: 10, head: centreHead, incoming: lots[0]!, learningRate: 0.1 })).toEqual([])
    })

    it('refuses features of another length', () => {
      expect(() => { filled(1).observe(clusters({ classes: ['a'], each: 1, seed: 9, width: 5 })) }).toThrow(/to have 8 numbers, got 5/)
    })
  })
}
