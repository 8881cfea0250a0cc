import { describe, expect, it, vi } from 'vitest'
import { efficientNetLite0 } from '../../../engine/backbones/backbone.ts'
import { replayPolicyByName } from '../../../engine/continual/buffers/registry.ts'
import { ReplayBuffer } from '../../../engine/continual/buffers/replay-buffer.ts'
import { ClassMeanLearner, ClassMeans } from '../../../engine/continual/learners/class-means.ts'
import { logOdds, mostProbable, type Learner } from '../../../engine/continual/learners/classifier.ts'
import { DealtMemory } from '../../../engine/continual/learners/dealt-memory.ts'
import { Ensemble } from '../../../engine/continual/learners/ensemble.ts'
import { ReplayLearner } from '../../../engine/continual/learners/replay-learner.ts'
import { SoftmaxHead } from '../../../engine/continual/learners/softmax-head.ts'
import { defaultHead, headByName, heads } from '../../../engine/continual/learners/registry.ts'
import { tailBlock, type Latent } from '../../../engine/continual/learners/tail-graph.ts'
import { TailLearner } from '../../../engine/continual/learners/tail-learner.ts'
import { StreamingLda } from '../../../engine/continual/learners/streaming-lda.ts'
import { runProtocol } from '../../../engine/continual/protocol/run-protocol.ts'
import type { ContinualTask } from '../../../engine/continual/protocol/continual-set.ts'
import { normal, seededRandom } from '../../../engine/random.ts'
import { countByLabel } from '../../../engine/continual/samples.ts'
import { centreHead } from '../buffers/replay-policy.contract.ts'
import { clusters } from '../clusters.ts'

// The tail is trained by graphs, beside other tests.
vi.setConfig({ testTimeout: 120_000 })

const tasks: ContinualTask[] = [['a', 'b'], ['c', 'd'], ['e', 'f']].map((classes, index) => ({
  name: classes.join(''),
  train: clusters({ classes, each: 60, seed: index + 1, spread: 0.2 }).map((item) => placed(item)),
  test: clusters({ classes, each: 40, seed: index + 11, spread: 0.2 }).map((item) => placed(item))
}))

/** `clusters` counts its axes from the first class of each call; here every class has its own. */
function placed (item: ContinualTask['train'][number]): ContinualTask['train'][number] {
  const shift = 'abcdef'.indexOf(item.label) % 2 === 0 ? 'abcdef'.indexOf(item.label) : 'abcdef'.indexOf(item.label) - 1
  return { ...item, features: item.features.map((_, axis) => item.features[(axis - shift + 8) % 8]!) }
}

/** Activations that say what the features say, in the backbone's own shape before its last block. */
const latents = new Map<string, Latent>(tasks.flatMap(({ train, test }) => [...train, ...test]).map(({ id, features }) =>
  [id, { channels: 112, height: 2, width: 2, data: Float32Array.from({ length: 112 * 4 }, (_, at) => features[(at >> 2) % features.length]!) }]))
const latentOf = (id: string): Latent => latents.get(id)!

const buffer = (items: number, policy = 'class-balanced', seed = 1): ReplayBuffer => new ReplayBuffer(replayPolicyByName(policy), { items, bytes: 1e12 }, seed)
const short = { epochs: 8, learningRate: 0.02 }

function checkLearner (name: string, make: () => Learner): void {
  describe(name, () => {
    it('learns task after task without losing the first', async () => {
      const result = await runProtocol(make(), tasks)
      expect(result.accuracy).toBeGreaterThan(0.9)
      expect(result.forgetting).toBeLessThan(0.1)
    })

    it('knows nothing before it has learned, and gives probabilities after', async () => {
      const learner = make()
      expect([...learner.probabilities(tasks[0]!.test[0]!.features)]).toEqual([])
      await learner.learn([])
      await learner.learn(tasks[0]!.train)
      await learner.prepare?.(tasks[0]!.test)
      const values = learner.probabilities(tasks[0]!.test[0]!.features)
      expect(learner.classes).toEqual(['a', 'b'])
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10)
    })
  })
}

checkLearner('replay with review', () => new ReplayLearner(buffer(48), 1, short))
checkLearner('the nearest class mean', () => new ClassMeanLearner(buffer(48)))
checkLearner('streaming LDA', () => new StreamingLda())
checkLearner('an ensemble', () => new Ensemble([1, 2, 3].map((seed) => new ReplayLearner(buffer(24, 'class-balanced', seed), seed, short))))

for (const head of heads) checkLearner(`the head ${head.name}`, () => head.make({ buffer: buffer(48), seed: 1, epochs: 30, latentOf }))

describe('the heads', () => {
  it('have a default, and others are refused by name', () => {
    expect(headByName(defaultHead).name).toBe(defaultHead)
    expect(() => headByName('best')).toThrow(/one of lda, softmax.*got best/)
  })
})

describe('fine-tuning without a memory', () => {
  it('ends knowing the last task alone', async () => {
    const result = await runProtocol(new ReplayLearner(null, 1, { epochs: 30, learningRate: 0.1 }), tasks)
    expect(result.accuracy).toBeLessThan(0.6)
    expect(result.forgetting).toBeGreaterThan(0.4)
  })
})

describe('the tail', () => {
  const ofBlock = (blockShare: number, seed = 1): TailLearner => new TailLearner({ block: tailBlock(efficientNetLite0), buffer: buffer(24), latentOf, seed, training: { epochs: 2, blockShare } })
  const answers = async (learner: TailLearner): Promise<number[][]> => {
    await learner.learn(tasks[0]!.train)
    await learner.prepare(tasks[0]!.test)
    return tasks[0]!.test.map(({ features }) => [...learner.probabilities(features)])
  }

  it('trains the block with the head, the same twice from one seed', async () => {
    const [once, again, frozen] = [await answers(ofBlock(0.05)), await answers(ofBlock(0.05)), await answers(ofBlock(0))]
    expect(again).toEqual(once)
    expect(once.some((row, index) => Math.abs(row[0]! - frozen[index]![0]!) > 1e-4)).toBe(true)
  })

  it('answers for no picture that was not prepared since the last lot', async () => {
    const learner = ofBlock(0.05)
    await answers(learner)
    await learner.learn(tasks[1]!.train)
    expect(() => learner.probabilities(tasks[0]!.test[0]!.features)).toThrow(/to be prepared/)
  })
})

describe('the softmax head', () => {
  it('steps along the gradient of the mean cross-entropy', () => {
    const head = new SoftmaxHead(2)
    head.addClasses(['a', 'b', 'c'])
    const batch = [{ label: 'a', features: Float32Array.of(1, 2) }, { label: 'c', features: Float32Array.of(-1, 0.5) }]
    const at = head.stepped(batch, 0.7)
    // At the start every probability is 1/3, so the logits after one step can be written down.
    const third = 1 / 3
    const x = batch[0]!.features
    const logits = ['a', 'b', 'c'].map((label) => -0.7 * batch.reduce((sum, item) => sum + (third - (item.label === label ? 1 : 0)) * (1 + item.features[0]! * x[0]! + item.features[1]! * x[1]!), 0) / 2)
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0)
    at.probabilities(x).forEach((value, index) => expect(value).toBeCloseTo(Math.exp(logits[index]!) / total, 10))
  })
})

describe('streaming LDA', () => {
  const all = tasks.flatMap(({ train }) => train)
  const answersOf = (lda: StreamingLda): number[][] => tasks.flatMap(({ test }) => test.map(({ features }) => {
    const values = lda.probabilities(features)
    return [...lda.classes].sort().map((label) => values[lda.classes.indexOf(label)]!)
  }))
  const expectSame = (first: StreamingLda, second: StreamingLda): void => {
    expect([...first.classes].sort()).toEqual([...second.classes].sort())
    const other = answersOf(second)
    answersOf(first).forEach((values, row) => values.forEach((value, column) => expect(value).toBeCloseTo(other[row]![column]!, 6)))
  }
  const learned = (items: typeof all): StreamingLda => {
    const lda = new StreamingLda()
    lda.learn(items)
    return lda
  }

  it('does not depend on the order', () => {
    expectSame(learned(all), learned([...all].reverse()))
  })

  it('tells classes apart that share a mean along every axis but differ against the covariance', () => {
    const random = seededRandom(3)
    // A long axis (1, 1) that says nothing, a short axis (1, -1) that says everything.
    const point = (label: string, sign: number, i: number): ContinualTask['train'][number] => {
      const along = 10 * normal(random)
      const across = sign * 0.5 + 0.2 * normal(random)
      return { id: `${label}${i}`, label, bytes: 1, group: null, features: Float32Array.of(along + across, along - across) }
    }
    const items = Array.from({ length: 400 }, (_, i) => point(i % 2 === 0 ? 'a' : 'b', i % 2 === 0 ? 1 : -1, i))
    const lda = new StreamingLda()
    lda.learn(items.slice(0, 200))
    const right = items.slice(200).filter(({ label, features }) => mostProbable({ classes: lda.classes, probabilities: lda.probabilities(features) }) === label).length
    expect(right).toBeGreaterThan(190)
  })
})

describe('a dealt memory', () => {
  it('gives every member another hand, which together are the memory after each lot, every class shared out', () => {
    const whole = buffer(36, 'snnl-preserving')
    const shared = buffer(36, 'snnl-preserving')
    const { hands } = new DealtMemory(shared, 3, 1)
    const committee = new Ensemble(hands.map((hand, member) => new ReplayLearner(hand, member, short)))
    for (const { train } of tasks) {
      committee.learn(train)
      whole.observe(train)
      const ids = hands.map(({ exemplars }) => exemplars.map(({ id }) => id))
      expect(ids.map(({ length }) => length)).toEqual([12, 12, 12])
      expect(ids.flat().toSorted()).toEqual(whole.exemplars.map(({ id }) => id).toSorted())
      for (const { exemplars } of hands) expect(new Set(countByLabel(exemplars).values())).toHaveLength(1)
    }
    expect(hands[1]!.retrieve({ count: 5, incoming: [], head: centreHead, learningRate: 1 }).every(({ id }) => hands[1]!.exemplars.some((exemplar) => exemplar.id === id))).toBe(true)
  })
})

describe('class means', () => {
  it('are those of unit vectors', () => {
    const means = new ClassMeans([{ label: 'a', features: Float32Array.of(10, 0) }, { label: 'a', features: Float32Array.of(0, 1) }, { label: 'b', features: Float32Array.of(-1, 1) }])
    const [a = 0, b = 0] = means.probabilities(Float32Array.of(1, 1))
    // Cosines 1 and 0 over T = 0.3.
    expect(Math.log(a / b)).toBeCloseTo(1 / 0.3, 5)
  })
})

describe('what a classifier is sure of', () => {
  /** Clusters far apart against their spread: softmax is 0 or 1 to the last digit. */
  const far = (seed: number): ContinualTask['train'] => clusters({ classes: ['p/good', 'p/blot'], each: 60, seed, spread: 0.02 }).map((item) => ({ ...item, features: item.features.map((value) => 40 * value) }))

  it.each([['streaming LDA', () => new StreamingLda()], ['an ensemble', () => new Ensemble([new StreamingLda(), new StreamingLda()])]])('is ranked by %s where its probabilities are all the same', (_name, make) => {
    const learner = make()
    learner.learn(far(1))
    const good = far(2).filter(({ label }) => label === 'p/good')
    const certain = good.map(({ features }) => learner.probabilities(features)[learner.classes.indexOf('p/good')])
    expect(new Set(certain)).toEqual(new Set([1]))
    const ranked = good.map(({ features }) => logOdds(learner, features, (label) => label === 'p/good'))
    expect(ranked.every(Number.isFinite)).toBe(true)
    expect(new Set(ranked).size).toBe(good.length)
  })

  it('gives the logarithms of what it gives as probabilities, and odds of groups of classes', () => {
    for (const learner of [new StreamingLda(), new ReplayLearner(buffer(24), 1, short), new Ensemble([new StreamingLda(), new ReplayLearner(buffer(24), 2, short)])]) {
      for (const { train } of tasks) learner.learn(train)
      for (const { features } of tasks[1]!.test.slice(0, 5)) {
        const probabilities = learner.probabilities(features)
        learner.logProbabilities(features).forEach((value, index) => { expect(Math.exp(value)).toBeCloseTo(probabilities[index]!, 10) })
        const inside = learner.classes.reduce((sum, label, index) => 'ace'.includes(label) ? sum + probabilities[index]! : sum, 0)
        const odds = logOdds(learner, features, (label) => 'ace'.includes(label))
        expect(1 / (1 + Math.exp(-odds))).toBeCloseTo(inside, 10)
      }
    }
  })
})
