/** Heads by name: classifiers on frozen features that learn lot by lot. A new one is a file here, a line below and a row in docs/continual-learning.md. */
import { GoodpartsError } from '../../errors.ts'
import { efficientNetLite0 } from '../../backbones/backbone.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import { ClassMeanLearner } from './class-means.ts'
import type { Learner } from './classifier.ts'
import { ContrastiveReplay } from './contrastive-replay.ts'
import { DealtMemory } from './dealt-memory.ts'
import { Ensemble } from './ensemble.ts'
import { ReplayLearner, type ReplayMemory } from './replay-learner.ts'
import { StreamingLda } from './streaming-lda.ts'
import { tailBlock, type Latent } from './tail-graph.ts'
import { TailLearner } from './tail-learner.ts'

export type LatentSource = (id: string) => Latent

export interface HeadMaking {
  buffer: ReplayBuffer
  seed: number
  /** Passes over each lot, of heads that are trained step by step; default six. */
  epochs?: number
  /** Activations before the last block of the backbone, by the ids of pictures; of the heads that train it. */
  latentOf?: LatentSource
}

export interface Head {
  name: string
  description: string
  /** Too slow to be compared without being asked for. */
  isSlow?: true
  /** Takes activations. */
  needsLatents?: true
  make (making: HeadMaking): Learner
}

type Trained = Omit<HeadMaking, 'buffer'> & { buffer: ReplayMemory }

const trained = ({ buffer, seed, epochs }: Trained): ReplayLearner => new ReplayLearner(buffer, seed, epochs === undefined ? {} : { epochs })

const committeeMembers = 3

function committee ({ buffer, ...making }: HeadMaking): Ensemble {
  const { hands } = new DealtMemory(buffer, committeeMembers, making.seed)
  return new Ensemble(hands.map((hand, member) => trained({ ...making, buffer: hand, seed: making.seed + member })))
}

function contrastive ({ buffer, seed, epochs }: HeadMaking): ContrastiveReplay {
  return new ContrastiveReplay(buffer, seed, epochs === undefined ? {} : { epochs: Math.min(epochs, mostTrainedEpochs) })
}

/** Offline passes of what is trained by graphs are bounded: each takes far longer than the others'. */
const mostTrainedEpochs = 10

function tail ({ buffer, seed, epochs, latentOf }: HeadMaking): TailLearner {
  if (latentOf === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected activations for the head tail, got none')
  return new TailLearner({ block: tailBlock(efficientNetLite0), buffer, seed, latentOf, ...(epochs === undefined ? {} : { training: { epochs: Math.min(epochs, mostTrainedEpochs) } }) })
}

export const heads: readonly Head[] = [
  { name: 'lda', description: 'streaming linear discriminants, which need no memory', make: () => new StreamingLda() },
  { name: 'softmax', description: 'a linear softmax, trained on what comes and what is remembered', make: trained },
  { name: 'class-means', description: 'the nearest mean of the remembered', make: ({ buffer }) => new ClassMeanLearner(buffer) },
  { name: 'ensemble', description: 'the mean of lda and softmax', make: (making) => new Ensemble([new StreamingLda(), trained(making)]) },
  { name: 'committee', description: `the mean of ${committeeMembers} linear softmaxes, each with a hand of the memory to replay`, make: committee },
  { name: 'scr', description: 'the nearest mean of the remembered in a representation that supervised contrastive replay trains', make: contrastive },
  { name: 'tail', description: 'the last block of the backbone and a linear softmax, trained with latent replay; slow', isSlow: true, needsLatents: true, make: tail }
]

/** By measurement: docs/continual-learning.md. */
export const defaultHead = 'lda'

/** @throws GOODPARTS_ARGUMENT for a head that does not exist. */
export function headByName (name: string): Head {
  const found = heads.find((head) => head.name === name)
  if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the head to be one of ${heads.map((head) => head.name).join(', ')}, got ${name}`)
  return found
}
