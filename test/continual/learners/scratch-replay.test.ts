import { describe, expect, it, vi } from 'vitest'
import { replayPolicyByName } from '../../../engine/continual/buffers/registry.ts'
import { ReplayBuffer } from '../../../engine/continual/buffers/replay-buffer.ts'
import type { ReplayItem } from '../../../engine/continual/buffers/replay-policy.ts'
import { ScratchReplay } from '../../../engine/continual/learners/scratch-replay.ts'
import { SoftmaxHead } from '../../../engine/continual/learners/softmax-head.ts'
import type { ContinualTask } from '../../../engine/continual/protocol/continual-set.ts'
import { runProtocol } from '../../../engine/continual/protocol/run-protocol.ts'
import { scratchLearning } from '../../../engine/continual/protocol/scratch-learning.ts'
import { normal, seededRandom } from '../../../engine/random.ts'

// Networks are trained beside other tests.
vi.setConfig({ testTimeout: 180_000 })

const edge = 16

/** Stripes, each class in a direction and width of its own, at a random phase and under noise. */
function stripes (labels: readonly string[], each: number, seed: number): ReplayItem[] {
  const random = seededRandom(seed)
  return labels.flatMap((label) => Array.from({ length: each }, (_, index) => {
    const angle = 'abcd'.indexOf(label) * Math.PI / 4
    const phase = 2 * Math.PI * random()
    const features = Float32Array.from({ length: edge * edge }, (_value, at) =>
      Math.sin(1.2 * ((at % edge) * Math.cos(angle) + Math.floor(at / edge) * Math.sin(angle)) + phase) + 0.3 * normal(random))
    return { id: `${label}${seed}/${index}`, label, features, bytes: edge * edge, group: null }
  }))
}

const tasks: ContinualTask[] = [['a', 'b'], ['c', 'd']].map((labels, index) => ({ name: labels.join(''), train: stripes(labels, 120, index + 1), test: stripes(labels, 30, index + 11) }))
const shape = { edge, classes: 4 }
const memory = (policy: string, items = 40): ReplayBuffer => new ReplayBuffer(replayPolicyByName(policy), { items, bytes: Infinity }, 1)

describe('replay of a network from random weights', () => {
  it.each(['class-balanced', 'reservoir', 'snnl-preserving', 'gss', 'mir', 'aser'])('keeps the first task by a memory of %s', async (policy) => {
    const learner = new ScratchReplay({ buffer: memory(policy), shape, seed: 3 })
    const { accuracy } = await runProtocol(learner, tasks)
    expect(accuracy).toBeGreaterThan(0.8)
  })

  it('forgets the first task without a memory, wholly', async () => {
    const { accuracy, forgetting } = await runProtocol(new ScratchReplay({ buffer: null, shape, seed: 3 }), tasks)
    expect(accuracy).toBeLessThan(0.6)
    expect(forgetting).toBeGreaterThan(0.8)
  })

  it('sees what it remembers as the network sees it now', async () => {
    const buffer = memory('herding')
    const learner = new ScratchReplay({ buffer, shape, seed: 3 })
    await learner.learn(tasks[0]!.train)
    const before = new Map(buffer.exemplars.map(({ id, features }) => [id, features]))
    await learner.learn(tasks[1]!.train)
    await learner.prepare(tasks[0]!.train)
    const old = buffer.exemplars.filter(({ label }) => 'ab'.includes(label))
    expect(old.length).toBeGreaterThan(10)
    for (const { id, features } of old) {
      const now = learner.representation(tasks[0]!.train.find((item) => item.id === id)!.features)
      expect(Math.max(...features.map((value, axis) => Math.abs(value - now[axis]!)))).toBeLessThan(1e-4)
      expect(Math.max(...features.map((value, axis) => Math.abs(value - before.get(id)![axis]!)))).toBeGreaterThan(1e-3)
    }
  })

  it('is the same again with the same seed, and another with another', async () => {
    const probabilities = async (seed: number): Promise<number[]> => {
      const learner = new ScratchReplay({ buffer: memory('class-balanced'), shape, seed })
      await learner.learn(tasks[0]!.train)
      await learner.review()
      await learner.prepare(tasks[0]!.test)
      return tasks[0]!.test.flatMap(({ features }) => [...learner.probabilities(features)])
    }
    const first = await probabilities(3)
    expect(await probabilities(3)).toEqual(first)
    expect(await probabilities(4)).not.toEqual(first)
  })

  it('knows nothing at first, and only what was prepared since it learned', async () => {
    const learner = new ScratchReplay({ buffer: memory('class-balanced'), shape, seed: 3 })
    expect([...learner.probabilities(tasks[0]!.test[0]!.features)]).toEqual([])
    await learner.learn([])
    await learner.learn(tasks[0]!.train)
    await learner.prepare(tasks[0]!.test)
    expect(learner.probabilities(tasks[0]!.test[0]!.features).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10)
    await learner.review()
    expect(() => learner.probabilities(tasks[0]!.test[0]!.features)).toThrow(/to be prepared/)
  })

  it('ends between two steps where it is told to', async () => {
    let breaths = 0
    const learner = new ScratchReplay({ buffer: null, shape, seed: 3, breathe: async () => { if (++breaths === 5) throw await Promise.resolve(new Error('enough')) } })
    await expect(learner.learn(tasks[0]!.train)).rejects.toThrow('enough')
    expect(breaths).toBe(5)
  })

  it('refuses more classes than it has outputs', async () => {
    const learner = new ScratchReplay({ buffer: null, shape: { edge, classes: 1 }, seed: 3 })
    await expect(learner.learn(tasks[0]!.train)).rejects.toThrow('Expected at most 1 classes, got 2')
  })
})

describe('a comparison from scratch', () => {
  it('gives accuracy before and after the review, and what the memory takes', async () => {
    const run = await scratchLearning(edge).run(replayPolicyByName('reservoir'), 12, tasks, 1)
    expect(run.memoryBytes).toBe(12 * edge * edge)
    expect(run.accuracyBeforeReview).toBeGreaterThan(0.5)
    expect(run.accuracy).not.toBe(run.accuracyBeforeReview)
    expect(run.classMeanAccuracy).toBeGreaterThan(0.5)
  })

  it('bounds it by everything at once and by fine-tuning', async () => {
    const { bounds } = scratchLearning(edge)
    const found = new Map(await Promise.all(bounds.map(async ({ name, run }) => [name, (await run(tasks, 1)).accuracy] as const)))
    expect(found.get('offline')).toBeGreaterThan(0.9)
    expect(found.get('balanced')).toBeGreaterThan(0.9)
    expect(found.get('finetune')).toBeLessThan(0.6)
  })
})

it('reads a trained layer as a head: the classes it has, and no other of its outputs', () => {
  // Two features, three outputs, of which two have a class.
  const head = SoftmaxHead.of(['a', 'b'], Float32Array.of(1, 2, 9, 3, 4, 9), Float32Array.of(0.5, -0.5, 9))
  const [a, b] = [1 * 2 + 3 * 1 + 0.5, 2 * 2 + 4 * 1 - 0.5]
  const expected = Math.exp(a) / (Math.exp(a) + Math.exp(b))
  expect(head.probabilities(Float32Array.of(2, 1))[0]).toBeCloseTo(expected, 12)
  expect(head.classes).toEqual(['a', 'b'])
})
