import { describe, expect, it } from 'vitest'
import type { Exemplar } from '../../../engine/continual/buffers/replay-policy.ts'
import { disagreements, relabelQueue } from '../../../engine/continual/detector-update/relabel-queue.ts'
import { clusters } from '../clusters.ts'

const exemplars = (each: number, seed = 1): Exemplar[] =>
  clusters({ classes: ['plate/good', 'plate/scratch', 'tile/good'], each, seed, spread: 0.2 }).map((item) => ({ ...item, priority: 0, weight: 1, kept: true, score: null, reason: '' }))
const none = { waiting: [] }

describe('the relabel queue', () => {
  it('is led by a wrong label, with what its neighbours are', () => {
    const items = exemplars(10)
    const wrong = items.findIndex(({ label }) => label === 'plate/scratch')
    items[wrong] = { ...items[wrong]!, label: 'plate/good' }
    const [first, ...others] = relabelQueue(items, [], none)
    expect(first).toMatchObject({ sha256: items[wrong].id, label: 'plate/good', place: 'memory', code: 'neighbours-disagree', values: { count: 5, of: 5, ahead: 'plate/scratch' } })
    expect(first!.text).toMatch(/^5 of its 5 nearest are another class, most of them plate\/scratch; SNNL \d/)
    for (const { code, text } of others) expect([code, text]).toEqual([undefined, expect.stringMatching(/^SNNL \d.* against the memory$/)])
    expect(others).toHaveLength(19)
  })

  it('finds by neighbours what SNNL does not lead with: a wrong label in a tight group, beside a loose class', () => {
    const at = (label: string, id: string, ...features: number[]): Exemplar => ({ id, label, features: Float32Array.from(features), bytes: 1, group: null, priority: 0, weight: 1, kept: true, score: null, reason: '' })
    const tight = Array.from({ length: 8 }, (_, index) => at('plate/good', `tight ${index}`, 1, 0.01 * index, 0))
    // Three of a class of its own, far from each other: the SNNL of each is high, and too few of another class are nearer.
    const items = [...tight, at('plate/dent', 'wrong', 1, 0.035, 0), at('plate/dent', 'a', 0, 1, 0), at('plate/dent', 'b', 0, 0, 1), at('plate/dent', 'c', 0, 0.7, 0.7)]
    expect(disagreements(items)[8]).toEqual({ count: 3, of: 3, other: 'plate/good' })
    expect(disagreements(items)[0]).toMatchObject({ count: 1, of: 5 })
    expect(relabelQueue(items, [], none).slice(0, 2).map(({ sha256 }) => sha256)).toContain('wrong')
  })

  it('suspects no exemplar of a rare class for having few of its own', () => {
    const all = exemplars(12)
    for (const members of [1, 2, 3]) {
      const scratches = all.filter(({ label }) => label === 'plate/scratch').slice(0, members)
      const items = [...all.filter(({ label }) => label !== 'plate/scratch'), ...scratches]
      const queue = relabelQueue(items, [], none)
      expect(queue.filter(({ code }) => code !== undefined)).toEqual([])
      // The rest of a class of one is of other classes.
      expect(disagreements(items).slice(-members)).toEqual(Array(members).fill({ count: 0, of: members - 1, other: '' }))
    }
  })

  it('asks nobody for the labels of a class that is scattered among another', () => {
    const at = (label: string, id: string, ...features: number[]): Exemplar => ({ id, label, features: Float32Array.from(features), bytes: 1, group: null, priority: 0, weight: 1, kept: true, score: null, reason: '' })
    // Each defect beside good parts that look like it, no two like each other.
    const items = Array.from({ length: 6 }, (_, axis) => ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => {
      const features = Array.from({ length: 6 }, (_, other) => other === axis ? 1 : 0.001 * index)
      return at(id === 'a' ? 'plate/defect' : 'plate/good', `${axis}${id}`, ...features)
    })).flat()
    expect(disagreements(items).filter(({ count, of }) => count === of && of === 5)).toHaveLength(6)
    const queue = relabelQueue(items, [], none)
    expect(queue.map(({ code }) => code)).toEqual(Array(20).fill(undefined))
    // One more, wrong, in a class that is not: it is still found.
    const wrong = at('plate/dent', 'wrong', ...Array.from({ length: 6 }, (_, axis) => axis === 0 ? 1 : 0))
    const dents = Array.from({ length: 6 }, (_, index) => at('plate/dent', `dent ${index}`, 1, 1, 1, 1, 1, 1 + 0.01 * index))
    expect(relabelQueue([...items, ...dents, wrong], [], none).filter(({ code }) => code === 'neighbours-disagree').map(({ sha256 }) => sha256)).toEqual(['wrong'])
  })

  it('asks no neighbours of another product, and puts what was held back first', () => {
    const items = exemplars(3)
    const tile = items.findIndex(({ label }) => label === 'tile/good')
    expect(disagreements(items)[tile]).toEqual({ count: 0, of: 2, other: '' })
    const [first] = relabelQueue(items, [{ sha256: 'held', reason: 'near-limit', text: 'p-value', values: {}, snnl: 0 }], none)
    expect(first).toMatchObject({ sha256: 'held', place: 'inbox' })
  })
})
