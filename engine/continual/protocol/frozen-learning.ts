/** A linear softmax with replay and review on features of a frozen backbone. */
import { ReplayBuffer } from '../buffers/replay-buffer.ts'
import { ClassMeans } from '../learners/class-means.ts'
import { taught } from '../learners/classifier.ts'
import { ReplayLearner } from '../learners/replay-learner.ts'
import { StreamingLda } from '../learners/streaming-lda.ts'
import { standardised, type ContinualTask } from './continual-set.ts'
import { balancedDraws, type Learning } from './learning.ts'
import { mean } from './metrics.ts'
import { accuracyOn, runProtocol, type ProtocolResult } from './run-protocol.ts'

export const frozenLearning: Learning = {
  prepare: standardised,
  run: async (policy, memory, tasks, seed) => {
    const learner = new ReplayLearner(new ReplayBuffer(policy, { items: memory, bytes: Infinity }, seed), seed)
    const result = await runProtocol(learner, tasks)
    const exemplars = learner.buffer?.exemplars ?? []
    const means = new ClassMeans(exemplars)
    return { ...result, classMeanAccuracy: mean(tasks.map(({ test }) => accuracyOn(means, test))), memoryBytes: exemplars.reduce((sum, { bytes }) => sum + bytes, 0) }
  },
  bounds: [
    { name: 'offline', run: async (tasks, seed) => learnedAtOnce(tasks, tasks.flatMap(({ train }) => train), seed) },
    { name: 'balanced', run: async (tasks, seed) => learnedAtOnce(tasks, balancedDraws(tasks.flatMap(({ train }) => train), seed), seed) },
    { name: 'finetune', run: async (tasks, seed) => runProtocol(new ReplayLearner(null, seed), tasks) },
    { name: 'streaming-lda', run: async (tasks) => runProtocol(new StreamingLda(), tasks) }
  ]
}

/** As many steps as a continual run takes. */
async function learnedAtOnce (tasks: readonly ContinualTask[], train: ContinualTask['train'], seed: number): Promise<ProtocolResult> {
  const learner = new ReplayLearner(null, seed)
  learner.learn(train)
  return runProtocol(taught(learner), tasks)
}
