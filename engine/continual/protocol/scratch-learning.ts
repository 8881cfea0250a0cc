/** A small convolutional network from random weights, one pass over every task, with replay and a review at the end. */
import { ReplayBuffer } from '../buffers/replay-buffer.ts'
import { ClassMeans } from '../learners/class-means.ts'
import { taught, type Classifier } from '../learners/classifier.ts'
import { ScratchReplay } from '../learners/scratch-replay.ts'
import { countByLabel } from '../samples.ts'
import type { ContinualTask } from './continual-set.ts'
import { balancedDraws, type Learning } from './learning.ts'
import { mean } from './metrics.ts'
import { accuracyOn, runProtocol, type ProtocolResult } from './run-protocol.ts'

/** @param edge Of the grey squares that items bring as features. @param breathe Called between steps, and may throw to end them. */
export function scratchLearning (edge: number, breathe: () => Promise<void> = async () => Promise.resolve()): Learning {
  const learner = (tasks: readonly ContinualTask[], seed: number, buffer: ReplayBuffer | null): ScratchReplay =>
    new ScratchReplay({ buffer, seed, breathe, shape: { edge, classes: countByLabel(tasks.flatMap(({ train, test }) => [...train, ...test])).size } })

  const learnedAtOnce = async (tasks: readonly ContinualTask[], train: ContinualTask['train'], seed: number): Promise<ProtocolResult> => {
    const found = learner(tasks, seed, null)
    await found.learn(train)
    // A bound is to be a strong one.
    await found.review(train)
    return runProtocol(taught(found), tasks)
  }

  return {
    prepare: (tasks) => [...tasks],
    run: async (policy, memory, tasks, seed) => {
      const buffer = new ReplayBuffer(policy, { items: memory, bytes: Infinity }, seed)
      const found = learner(tasks, seed, buffer)
      const result = await runProtocol(found, tasks)
      const means = new ClassMeans(buffer.exemplars)
      const seen: Classifier = { classes: means.classes, probabilities: (pixels) => means.probabilities(found.representation(pixels)) }
      const classMeanAccuracy = accuracyOfAll(seen, tasks)
      const begun = performance.now()
      await found.review()
      const seconds = result.seconds + (performance.now() - begun) / 1000
      await found.prepare(tasks.flatMap(({ test }) => test))
      return { ...result, seconds, accuracy: accuracyOfAll(found, tasks), accuracyBeforeReview: result.accuracy, classMeanAccuracy, memoryBytes: buffer.bytes }
    },
    bounds: [
      { name: 'offline', run: async (tasks, seed) => learnedAtOnce(tasks, tasks.flatMap(({ train }) => train), seed) },
      { name: 'balanced', run: async (tasks, seed) => learnedAtOnce(tasks, balancedDraws(tasks.flatMap(({ train }) => train), seed), seed) },
      { name: 'finetune', run: async (tasks, seed) => runProtocol(learner(tasks, seed, null), tasks) }
    ]
  }
}

function accuracyOfAll (classifier: Classifier, tasks: readonly ContinualTask[]): number {
  return mean(tasks.map(({ test }) => accuracyOn(classifier, test)))
}
