/** Heads side by side on the same seeds and memory, after every task, beside the best of them trained on everything at once. */
import type { HeadFigure, HeadReport, StepFigure } from '../../../schemas/continual.ts'
import { classBalanced } from '../buffers/class-balanced.ts'
import { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { ReplayPolicy } from '../buffers/replay-policy.ts'
import type { Head, LatentSource } from '../learners/registry.ts'
import { StreamingLda } from '../learners/streaming-lda.ts'
import { taught, type Learner } from '../learners/classifier.ts'
import { standardised, type ContinualTask } from './continual-set.ts'
import { mean } from './metrics.ts'
import { pairedDifference } from './paired-comparison.ts'
import { goodAgainstRest, runProtocol, type ProtocolResult } from './run-protocol.ts'

type Areas = ReturnType<typeof goodAgainstRest>

/** Of one head in one seed. */
interface HeadRun { continual: ProtocolResult, offline: ProtocolResult, steps: Areas[] }

interface BestOffline { head: string, metric: 'auroc' | 'accuracy', runs: ProtocolResult[] }

/** Passes over everything, more than a lot gets: the bound is to be a strong one. */
const offlineEpochs = 30

export class HeadComparison {
  readonly #heads: readonly Head[]
  readonly #policy: ReplayPolicy
  readonly #memory: number
  readonly #latentOf: LatentSource | null
  readonly #runs = new Map<string, HeadRun[]>()
  readonly #bounds: Areas[][] = []
  #names: string[] = []

  constructor (heads: readonly Head[], policy: ReplayPolicy, memory: number, latentOf: LatentSource | null = null) {
    this.#latentOf = latentOf
    this.#heads = heads
    this.#policy = policy
    this.#memory = memory
  }

  /** One seed. `tasks` are standardised on the first, as a line knows no more. */
  async run (tasks: readonly ContinualTask[], seed: number, each: (head: string) => Promise<void>): Promise<void> {
    this.#names = tasks.map(({ name }) => name)
    const known = knownAtOnce(tasks)
    const latents = this.#latentOf === null ? {} : { latentOf: this.#latentOf }
    for (const head of this.#heads) {
      await each(head.name)
      const steps: Areas[] = []
      const learner = head.make({ buffer: new ReplayBuffer(this.#policy, { items: this.#memory, bytes: Infinity }, seed), seed, ...latents })
      const continual = await runProtocol(learner, tasks, (index) => steps.push(goodAgainstRest(learner, tasks.slice(0, index + 1))))
      const everything = known.flatMap(({ train }) => train)
      const offline = await learnedOnce(head.make({ buffer: wholeMemory(everything.length, seed), seed, epochs: offlineEpochs, ...latents }), everything, known)
      this.#runs.set(head.name, [...this.#runs.get(head.name) ?? [], { continual, offline, steps }])
    }
    this.#bounds.push(tasks.map((_, index) => boundAfter(tasks.slice(0, index + 1))))
  }

  get report (): HeadReport {
    const best = this.#bestOffline()
    return {
      policy: this.#policy.name,
      memory: this.#memory,
      metric: best.metric,
      bestOffline: { head: best.head, accuracy: mean(best.runs.map(({ accuracy }) => accuracy)), auroc: meanOrNull(best.runs.map(({ auroc }) => auroc)) },
      steps: this.#names.map((task, index) => ({ task, ...stepMean(this.#bounds.map((steps) => steps[index] as Areas)) })),
      heads: this.#heads.map(({ name }) => this.#figure(name, best))
    }
  }

  #figure (name: string, best: BestOffline): HeadFigure {
    const runs = this.#runs.get(name) ?? []
    const values = (of: (run: HeadRun) => ProtocolResult): number[] => runs.map((run) => of(run)[best.metric] ?? NaN)
    const own = values(({ continual }) => continual)
    const meanOf = (metric: 'accuracy' | 'averageAccuracy' | 'forgetting' | 'backwardTransfer' | 'forwardTransfer'): number => mean(runs.map(({ continual }) => continual[metric]))
    return {
      head: name,
      accuracy: meanOf('accuracy'),
      averageAccuracy: meanOf('averageAccuracy'),
      forgetting: meanOf('forgetting'),
      backwardTransfer: meanOf('backwardTransfer'),
      forwardTransfer: meanOf('forwardTransfer'),
      auroc: meanOrNull(runs.map(({ continual }) => continual.auroc)),
      offline: { accuracy: mean(runs.map(({ offline }) => offline.accuracy)), auroc: meanOrNull(runs.map(({ offline }) => offline.auroc)) },
      differenceToOwnOffline: pairedDifference(own, values(({ offline }) => offline)),
      differenceToBestOffline: pairedDifference(own, best.runs.map((run) => run[best.metric] ?? NaN)),
      seconds: mean(runs.map(({ continual }) => continual.seconds)),
      steps: this.#names.map((task, index) => ({ task, ...stepMean(runs.map(({ steps }) => steps[index] as Areas)) }))
    }
  }

  #bestOffline (): BestOffline {
    const offline = this.#heads.map(({ name }) => ({ head: name, runs: (this.#runs.get(name) ?? []).map((run) => run.offline) }))
    const metric = offline.every(({ runs }) => runs.every(({ auroc }) => auroc !== null)) ? 'auroc' : 'accuracy'
    const value = ({ runs }: { runs: ProtocolResult[] }): number => mean(runs.map((run) => run[metric] ?? NaN))
    return { metric, ...offline.reduce((most, next) => value(next) > value(most) ? next : most) }
  }
}

/** Where everything is kept every policy keeps the same: the quickest will do. */
function wholeMemory (items: number, seed: number): ReplayBuffer {
  return new ReplayBuffer(classBalanced, { items, bytes: Infinity }, seed)
}

/** Standardised on all training pictures instead of the first task's. */
function knownAtOnce (tasks: readonly ContinualTask[]): ContinualTask[] {
  return standardised([{ name: 'everything', train: tasks.flatMap(({ train }) => train), test: [] }, ...tasks]).slice(1)
}

async function learnedOnce (learner: Learner, everything: ContinualTask['train'], tasks: readonly ContinualTask[]): Promise<ProtocolResult> {
  await learner.learn(everything)
  return await runProtocol(taught(learner), tasks)
}

/** Linear discriminants of everything so far: quick enough to be had anew after every task. */
function boundAfter (tasks: readonly ContinualTask[]): Areas {
  const known = knownAtOnce(tasks)
  const lda = new StreamingLda()
  lda.learn(known.flatMap(({ train }) => train))
  return goodAgainstRest(lda, known)
}

function stepMean (areas: readonly Areas[]): Omit<StepFigure, 'task'> {
  return { auroc: meanOrNull(areas.map(({ auroc }) => auroc)), oldAuroc: meanOrNull(areas.map(({ oldAuroc }) => oldAuroc)), newAuroc: meanOrNull(areas.map(({ newAuroc }) => newAuroc)) }
}

function meanOrNull (values: ReadonlyArray<number | null>): number | null {
  const numbers = values.filter((value) => value !== null)
  return numbers.length < values.length || numbers.length === 0 ? null : mean(numbers)
}
