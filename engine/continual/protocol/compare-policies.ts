/** Policies side by side on the same seeds: same order of tasks, same split, same wrong labels, same draws of the head's training. */
import type { HeadReport, PolicyFigure } from '../../../schemas/continual.ts'
import { seededRandom } from '../../random.ts'
import { classBalanced } from '../buffers/class-balanced.ts'
import type { ReplayPolicy } from '../buffers/replay-policy.ts'
import type { Head, LatentSource } from '../learners/registry.ts'
import { HeadComparison } from './compare-heads.ts'
import { withWrongLabels, type ContinualTask } from './continual-set.ts'
import type { Learning, PolicyRun } from './learning.ts'
import { mean } from './metrics.ts'
import { pairedDifference } from './paired-comparison.ts'
import { protocolMetrics, type ProtocolResult } from './run-protocol.ts'

export interface ComparisonOptions {
  policies: readonly ReplayPolicy[]
  memories: readonly number[]
  /** Compared on the first policy's memory. */
  heads: readonly Head[]
  noise: number
  seeds: number
  learning: Learning
  /** For heads that train the tail of the backbone. */
  latentOf?: LatentSource
  /** The tasks of a seed. */
  tasksOf: (seed: number) => ContinualTask[]
  /** Runs done and runs in all. */
  progress (done: number, total: number, what: string): void
  /** Gives others their turn and lets an abort be heard. */
  breathe (): Promise<void>
}

export interface Comparison {
  policies: PolicyFigure[]
  offline: { mean: number, balancedMean: number, auroc: number | null }
  finetune: number
  streamingLda: { mean: number, auroc: number | null } | null
  heads: HeadReport[]
  secondsPerRun: number
}

const metrics = [...protocolMetrics, 'accuracyBeforeReview', 'classMeanAccuracy', 'memoryBytes'] as const

export async function comparePolicies (options: ComparisonOptions): Promise<Comparison> {
  const { bounds } = options.learning
  const policies = [classBalanced, ...options.policies.filter(({ name }) => name !== classBalanced.name)]
  const total = options.seeds * ((policies.length + options.heads.length) * options.memories.length + bounds.length)
  const comparisons = options.heads.length === 0 ? [] : options.memories.map((memory) => new HeadComparison(options.heads, options.policies[0] ?? classBalanced, memory, options.latentOf))
  const runs = new Map<string, PolicyRun[]>()
  const found = new Map<string, ProtocolResult[]>()
  let done = 0
  for (let seed = 0; seed < options.seeds; seed++) {
    const tasks = preparedTasks(options, seed)
    for (const memory of options.memories) {
      for (const policy of policies) {
        options.progress(done++, total, `${policy.name}, memory ${memory}, seed ${seed}`)
        await options.breathe()
        push(runs, `${policy.name} ${memory}`, await options.learning.run(policy, memory, tasks, seed))
      }
    }
    for (const [index, comparison] of comparisons.entries()) {
      await comparison.run(tasks, seed, async (head) => {
        options.progress(done++, total, `${head}, memory ${options.memories[index] ?? 0}, seed ${seed}`)
        await options.breathe()
      })
    }
    for (const { name, run } of bounds) {
      options.progress(done++, total, `${name}, seed ${seed}`)
      await options.breathe()
      push(found, name, await run(tasks, seed))
    }
  }
  return { policies: figures(policies, options, runs), ...boundFigures(found), heads: comparisons.map(({ report }) => report), secondsPerRun: mean([...runs.values()].flat().map(({ seconds }) => seconds)) }
}

function preparedTasks ({ tasksOf, noise, learning }: ComparisonOptions, seed: number): ContinualTask[] {
  const random = seededRandom(seed + 0x5eed)
  return learning.prepare(tasksOf(seed)).map((task) => withWrongLabels(task, noise, random))
}

function figures (policies: readonly ReplayPolicy[], { memories, noise }: ComparisonOptions, runs: ReadonlyMap<string, readonly PolicyRun[]>): PolicyFigure[] {
  return memories.flatMap((memory) => policies.flatMap(({ name }) => metrics.flatMap((metric) => {
    const own = (runs.get(`${name} ${memory}`) ?? []).map((run) => run[metric] ?? null)
    const balanced = (runs.get(`${classBalanced.name} ${memory}`) ?? []).map((run) => run[metric] ?? null)
    if (!allNumbers(own) || !allNumbers(balanced)) return []
    return [{ policy: name, memory, noise, metric, mean: mean(own), differenceToClassBalanced: pairedDifference(own, balanced) }]
  })))
}

function boundFigures (found: ReadonlyMap<string, readonly ProtocolResult[]>): Pick<Comparison, 'offline' | 'finetune' | 'streamingLda'> {
  const accuracy = (name: string): number => mean((found.get(name) ?? []).map((run) => run.accuracy))
  const area = (name: string): number | null => {
    const values = (found.get(name) ?? []).map((run) => run.auroc)
    return allNumbers(values) ? mean(values) : null
  }
  return {
    offline: { mean: accuracy('offline'), balancedMean: accuracy('balanced'), auroc: area('offline') },
    finetune: accuracy('finetune'),
    streamingLda: found.has('streaming-lda') ? { mean: accuracy('streaming-lda'), auroc: area('streaming-lda') } : null
  }
}

function push<T> (map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...map.get(key) ?? [], value])
}

function allNumbers (values: ReadonlyArray<number | null>): values is number[] {
  return values.every((value) => value !== null)
}
