/** Heads by name: classifiers on frozen features that learn lot by lot. A new one is a file here, a line below and a row in docs/continual-learning.md. */
import { GoodpartsError } from '../../errors.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import { ClassMeanLearner } from './class-means.ts'
import type { Learner } from './classifier.ts'
import { Ensemble } from './ensemble.ts'
import { ReplayLearner } from './replay-learner.ts'
import { StreamingLda } from './streaming-lda.ts'

export interface HeadMaking {
  buffer: ReplayBuffer
  seed: number
  /** Passes over each lot, of heads that are trained step by step; default six. */
  epochs?: number
}

export interface Head {
  name: string
  description: string
  make (making: HeadMaking): Learner
}

const trained = ({ buffer, seed, epochs }: HeadMaking): ReplayLearner => new ReplayLearner(buffer, seed, epochs === undefined ? {} : { epochs })

export const heads: readonly Head[] = [
  { name: 'lda', description: 'streaming linear discriminants; the memory serves to correct them', make: ({ buffer }) => new StreamingLda(buffer) },
  { name: 'softmax', description: 'a linear softmax, trained on what comes and what is remembered', make: trained },
  { name: 'class-means', description: 'the nearest mean of the remembered', make: ({ buffer }) => new ClassMeanLearner(buffer) },
  { name: 'ensemble', description: 'the mean of lda and softmax', make: (making) => new Ensemble([new StreamingLda(), trained(making)]) }
]

/** By measurement: docs/continual-learning.md. */
export const defaultHead = 'lda'

/** @throws GOODPARTS_ARGUMENT for a head that does not exist. */
export function headByName (name: string): Head {
  const found = heads.find((head) => head.name === name)
  if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the head to be one of ${heads.map((head) => head.name).join(', ')}, got ${name}`)
  return found
}
