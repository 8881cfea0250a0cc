/** One learner through one order of tasks: accuracy on every task after every task. */
import { auroc } from '../../auroc.ts'
import type { ReplayItem } from '../buffers/replay-policy.ts'
import { logOdds, mostProbable, type Classifier, type Learner } from '../learners/classifier.ts'
import { countByLabel } from '../samples.ts'
import { isGoodLabel, type ContinualTask } from './continual-set.ts'
import { averageAccuracy, backwardTransfer, balancedAccuracy, endAccuracy, forgetting, forwardTransfer, mean } from './metrics.ts'

/** Of one run; AUROC tells good parts from the others, `null` where a side is missing. */
export interface ProtocolResult {
  accuracy: number
  averageAccuracy: number
  forgetting: number
  backwardTransfer: number
  /** Above what a head of all the tasks' classes gets at random initial weights, on average `1 / classes`. */
  forwardTransfer: number
  /** Over all tasks together, over each task before the last, and over the last. */
  auroc: number | null
  oldAuroc: number | null
  newAuroc: number | null
  /** Spent on learning alone. */
  seconds: number
}

export type ProtocolMetric = Exclude<keyof ProtocolResult, 'seconds'>

export const protocolMetrics: readonly ProtocolMetric[] = ['accuracy', 'averageAccuracy', 'forgetting', 'backwardTransfer', 'forwardTransfer', 'auroc', 'oldAuroc', 'newAuroc']

/** @param learned Called after each task, with its place. */
export async function runProtocol (learner: Learner, tasks: readonly ContinualTask[], learned: (task: number) => void = () => {}): Promise<ProtocolResult> {
  const classes = countByLabel(tasks.flatMap(({ train, test }) => [...train, ...test])).size
  const table: number[][] = []
  let milliseconds = 0
  for (const [index, task] of tasks.entries()) {
    const begun = performance.now()
    await learner.learn(task.train)
    milliseconds += performance.now() - begun
    await learner.prepare?.(tasks.flatMap(({ test }) => test))
    table.push(tasks.map(({ test }) => accuracyOn(learner, test)))
    learned(index)
  }
  return {
    accuracy: endAccuracy(table),
    averageAccuracy: averageAccuracy(table),
    forgetting: forgetting(table),
    backwardTransfer: backwardTransfer(table),
    forwardTransfer: forwardTransfer(table, tasks.map(() => 1 / classes)),
    ...goodAgainstRest(learner, tasks),
    seconds: milliseconds / 1000
  }
}

/** Class-balanced. */
export function accuracyOn (classifier: Classifier, items: readonly ReplayItem[]): number {
  const { classes } = classifier
  return balancedAccuracy(items.map(({ label, features }) => ({ label, answer: mostProbable({ classes, probabilities: classifier.probabilities(features) }) })))
}

export function goodAgainstRest (classifier: Classifier, tasks: readonly ContinualTask[]): Pick<ProtocolResult, 'auroc' | 'oldAuroc' | 'newAuroc'> {
  const scores = tasks.map(({ test }) => test.map(({ label, features }) => ({ good: isGoodLabel(label), score: -logOdds(classifier, features, isGoodLabel) })))
  const area = (items: ReadonlyArray<{ good: boolean, score: number }>): number | null =>
    auroc(items.filter(({ good }) => good).map(({ score }) => score), items.filter(({ good }) => !good).map(({ score }) => score))
  const old = scores.slice(0, -1).map(area).filter((value) => value !== null)
  return { auroc: area(scores.flat()), oldAuroc: old.length === 0 ? null : mean(old), newAuroc: area(scores.at(-1) ?? []) }
}
