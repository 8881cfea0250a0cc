import { describe, expect, it } from 'vitest'
import { ReplayBuffer } from '../../../engine/continual/buffers/replay-buffer.ts'
import type { Head, ReplayItem } from '../../../engine/continual/buffers/replay-policy.ts'
import { replayPolicies, replayPolicyByName } from '../../../engine/continual/buffers/registry.ts'
import { SnnlReference } from '../../../engine/continual/snnl.ts'
import { countByLabel } from '../../../engine/continual/samples.ts'
import { dot, meanVector, squaredDistance, unit } from '../../../engine/continual/vectors.ts'
import { clusters } from '../clusters.ts'
import { centreHead, itIsAReplayPolicy } from './replay-policy.contract.ts'

for (const policy of replayPolicies) itIsAReplayPolicy(policy)

function kept (name: string, items: readonly ReplayItem[], count: number, seed = 1, head: Head | null = null): ReplayItem[] {
  const buffer = new ReplayBuffer(replayPolicyByName(name), { items: count, bytes: 1e12 }, seed)
  for (let start = 0; start < items.length; start += 25) buffer.observe(items.slice(start, start + 25), head)
  return [...buffer.exemplars]
}

describe('the reservoir', () => {
  it('keeps every item with the same probability, in whatever lots they come', () => {
    const items = clusters({ classes: ['a'], each: 40, seed: 1, width: 1 })
    const counts = new Map(items.map(({ id }) => [id, 0]))
    const streams = 4000
    for (let seed = 0; seed < streams; seed++) {
      const buffer = new ReplayBuffer(replayPolicyByName('reservoir'), { items: 10, bytes: 1e12 }, seed)
      for (let start = 0; start < 40; start += 7) buffer.observe(items.slice(start, start + 7))
      for (const { id } of buffer.exemplars) counts.set(id, counts.get(id)! + 1)
    }
    const expected = streams / 4
    // Sampling without replacement narrows the law: (N-1)/N (1-M/N) of chi-square with 39 degrees of freedom, whose 99.9 % point is 72.1.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) / (1 - 0.25) * 39 / 40
    expect(chiSquare).toBeLessThan(72.1)
  })
})

describe('class-balanced policies', () => {
  it.each(['class-balanced', 'herding', 'k-center', 'snnl-preserving', 'snnl-low', 'snnl-high'])('%s gives rare classes as much as frequent ones', (name) => {
    const items = [...clusters({ classes: ['a'], each: 70, seed: 1 }), ...clusters({ classes: ['b', 'c'], each: 12, seed: 2 })]
    const buffer = new ReplayBuffer(replayPolicyByName(name), { items: 30, bytes: 1e12 }, 1)
    buffer.observe(items)
    expect(Object.fromEntries(countByLabel(buffer.exemplars))).toEqual({ a: 10, b: 10, c: 10 })
  })

  it.each(['class-balanced', 'herding', 'k-center', 'snnl-preserving', 'snnl-low', 'snnl-high'])('%s fills a memory above a thousand of one class', (name) => {
    const buffer = new ReplayBuffer(replayPolicyByName(name), { items: 1030, bytes: 1e12 }, 1)
    buffer.observe([...clusters({ classes: ['a'], each: 1100, seed: 1 }), ...clusters({ classes: ['b'], each: 10, seed: 2 })])
    expect(Object.fromEntries(countByLabel(buffer.exemplars))).toEqual({ a: 1020, b: 10 })
    expect(new Set(buffer.exemplars.map(({ id }) => id)).size).toBe(1030)
  })

  it('share out what small classes leave', () => {
    const sharesOf = (sizes: Record<string, number>, items: number): Record<string, number> =>
      Object.fromEntries(countByLabel(kept('class-balanced', Object.entries(sizes).flatMap(([label, each], seed) => clusters({ classes: [label], each, seed })), items)))
    expect(sharesOf({ a: 100, b: 3, c: 100 }, 33)).toEqual({ a: 15, b: 3, c: 15 })
    expect(sharesOf({ a: 2, b: 2 }, 10)).toEqual({ a: 2, b: 2 })
    expect(sharesOf({ a: 5, b: 5, c: 5 }, 7)).toEqual({ a: 3, b: 2, c: 2 })
  })
})

describe('places for good parts', () => {
  function sharesOf (classes: string[], items: number): Record<string, number> {
    const buffer = new ReplayBuffer(replayPolicyByName('snnl-preserving'), { items, bytes: 1e12 }, 1)
    buffer.observe(clusters({ classes, each: 20, seed: 3 }))
    return Object.fromEntries(countByLabel(buffer.exemplars))
  }

  it('are ten of each product, from the largest shares, where one is left to every type of defect', () => {
    expect(sharesOf(['a/good', 'a/crack', 'a/stain', 'b/good'], 27)).toEqual({ 'a/good': 10, 'b/good': 10, 'a/crack': 3, 'a/stain': 4 })
    expect(sharesOf(['a/good', 'a/crack', 'b/good', 'b/stain'], 22)).toEqual({ 'a/good': 10, 'b/good': 10, 'a/crack': 1, 'b/stain': 1 })
    expect(sharesOf(['a/good', 'a/crack', 'b/good', 'b/stain'], 48)).toEqual({ 'a/good': 12, 'b/good': 12, 'a/crack': 12, 'b/stain': 12 })
  })

  it('are equal shares where the memory is too small', () => {
    expect(sharesOf(['a/good', 'a/crack', 'b/good', 'b/stain'], 20)).toEqual({ 'a/good': 5, 'b/good': 5, 'a/crack': 5, 'b/stain': 5 })
  })
})

describe('herding', () => {
  it('follows the class mean closer than a random sample', () => {
    const items = clusters({ classes: ['a'], each: 200, seed: 5, spread: 1 })
    const mean = meanVector(items.map(({ features }) => unit(features)))
    const apart = (chosen: readonly ReplayItem[]): number => squaredDistance(meanVector(chosen.map(({ features }) => unit(features))), mean)
    const buffer = new ReplayBuffer(replayPolicyByName('herding'), { items: 10, bytes: 1e12 }, 1)
    buffer.observe(items)
    const samples = [1, 2, 3, 4, 5].map((seed) => apart(kept('class-balanced', items, 10, seed)))
    expect(apart([...buffer.exemplars])).toBeLessThan(Math.min(...samples) / 5)
  })
})

describe('SNNL-preserving selection', () => {
  const items = clusters({ classes: ['a', 'b', 'c'], each: 100, seed: 6, spread: 0.7 })

  it('takes at each step what leaves the least discrepancy, by the definition', () => {
    const members = items.slice(0, 30)
    const directions = members.map(({ features }) => unit(features))
    const k = (i: number, j: number): number => Math.exp(-(1 - dot(directions[i]!, directions[j]!)) / 0.3)
    const everything = members.map((_, i) => i)
    const discrepancy = (memory: readonly number[]): number => mean(everything, everything) - 2 * mean(everything, memory) + mean(memory, memory)
    const mean = (rows: readonly number[], columns: readonly number[]): number => rows.reduce((sum, i) => sum + columns.reduce((inner, j) => inner + k(i, j), 0), 0) / rows.length / columns.length
    const taken: number[] = []
    while (taken.length < 6) {
      const open = everything.filter((i) => !taken.includes(i))
      taken.push(open.reduce((best, i) => discrepancy([...taken, i]) < discrepancy([...taken, best]) ? i : best))
    }
    const buffer = new ReplayBuffer(replayPolicyByName('snnl-preserving'), { items: 6, bytes: 1e12 }, 1)
    buffer.observe(members)
    expect(buffer.exemplars.map(({ id }) => id)).toEqual(taken.map((i) => members[i]!.id))
  })

  it('keeps the SNNL of new points better than a random sample, and far better than the lowest SNNL', () => {
    const probes = clusters({ classes: ['a', 'b', 'c'], each: 40, seed: 7, spread: 0.7 })
    const truth = new SnnlReference(items)
    const error = (name: string, seed: number): number => {
      const buffer = new ReplayBuffer(replayPolicyByName(name), { items: 24, bytes: 1e12 }, seed)
      buffer.observe(items)
      const memory = new SnnlReference(buffer.exemplars)
      return probes.reduce((sum, probe) => sum + Math.abs(memory.of(probe) - truth.of(probe)), 0) / probes.length
    }
    const random = [1, 2, 3, 4, 5].map((seed) => error('class-balanced', seed))
    expect(error('snnl-preserving', 1)).toBeLessThan(Math.min(...random))
    expect(error('snnl-low', 1)).toBeGreaterThan(Math.max(...random))
  })
})

describe('SNNL-ranked selection', () => {
  it('leaves a wrong label out when lowest is wanted and keeps it when highest is', () => {
    const items = clusters({ classes: ['a', 'b'], each: 30, seed: 8 }).map((item, index) => index === 4 ? { ...item, label: 'b' } : item)
    expect(kept('snnl-low', items, 40).map(({ id }) => id)).not.toContain(items[4]!.id)
    expect(kept('snnl-high', items, 6).map(({ id }) => id)).toContain(items[4]!.id)
  })
})

describe('ASER', () => {
  it('keeps wrong labels less often than they come', () => {
    const items = clusters({ classes: ['a', 'b', 'c'], each: 100, seed: 9 }).map((item, index) => index % 5 === 0 ? { ...item, label: item.label === 'a' ? 'b' : 'a' } : item)
    const wrong = kept('aser', items, 40, 1, centreHead).filter(({ id, label }) => !id.startsWith(label)).length
    expect(wrong / 40).toBeLessThan(0.1)
  })

  it.each([[8, 32], [2, 10]])('replays what stands in the way of what comes, of %i classes %i at once', (classes, count) => {
    const labels = 'abcdefgh'.slice(0, classes).split('')
    const buffer = new ReplayBuffer(replayPolicyByName('aser'), { items: 200, bytes: 1e12 }, 1)
    buffer.observe(clusters({ classes: labels, each: 200 / classes, seed: 9 }), centreHead)
    // What comes lies where the first class lies, and is called the second.
    const incoming = clusters({ classes: labels, each: 10, seed: 10 }).filter(({ label }) => label === 'a').map((item) => ({ ...item, label: 'b' }))
    const share = (retrieve: () => ReplayItem[]): number => {
      const drawn = Array.from({ length: 20 }, retrieve).flat()
      expect(drawn).toHaveLength(20 * count)
      return drawn.filter(({ label }) => label === 'a').length / drawn.length
    }
    const found = share(() => buffer.retrieve({ count, head: centreHead, incoming, learningRate: 0.01 }))
    expect(found).toBeGreaterThan(1.2 / classes)
  })
})

describe('GSS', () => {
  it('takes what points away from all that is kept, and nothing that points the same way', () => {
    const item = (id: string, label: string): ReplayItem => ({ id, label, features: Float32Array.of(1, 1), bytes: 1, group: null })
    const even: Head = { classes: ['a', 'b'], probabilities: () => Float64Array.of(0.5, 0.5), stepped: () => even }
    const streams = 400
    let entered = 0
    for (let seed = 0; seed < streams; seed++) {
      const buffer = new ReplayBuffer(replayPolicyByName('gss'), { items: 4, bytes: 1e12 }, seed)
      buffer.observe(['1', '2', '3', '4'].map((id) => item(id, 'a')), even)
      buffer.observe([item('same', 'a')], even)
      expect(buffer.exemplars.map(({ id }) => id).toSorted()).toEqual(['1', '2', '3', '4'])
      buffer.observe([item('apart', 'b')], even)
      entered += buffer.exemplars.filter(({ id }) => id === 'apart').length
    }
    // The new gradient is opposite to all, so its score is 0 and any victim gives way.
    expect(entered).toBe(streams)
  })
})

describe('MIR', () => {
  it('replays those whose loss the next step would raise', () => {
    const buffer = new ReplayBuffer(replayPolicyByName('mir'), { items: 40, bytes: 1e12 }, 1)
    buffer.observe(clusters({ classes: ['a', 'b', 'c', 'd'], each: 10, seed: 11 }))
    // After the step it takes every b for an a.
    const confused: Head = { ...centreHead, probabilities: (features) => centreHead.probabilities(Float32Array.of(...features).map((value, index) => index === 0 ? value + 3 * features[1]! : value)) }
    const head: Head = { ...centreHead, stepped: () => confused }
    const replayed = buffer.retrieve({ count: 8, head, incoming: clusters({ classes: ['a'], each: 5, seed: 12 }), learningRate: 1 })
    expect(countByLabel(replayed).get('b')).toBeGreaterThanOrEqual(6)
  })
})
