/** A comparison of replay policies as a person reads it in a terminal. */
import { defaultHead } from '../../../engine/continual/learners/registry.ts'
import type { ContinualReport, HeadReport, PolicyFigure, SeedDifference } from '../../../schemas/continual.ts'
import { measuredOnText } from '../../measured-on.ts'
import { textTable } from '../../text-table.ts'

/** What the figures of one policy and memory are called, in the order of the columns. */
export const columns: ReadonlyArray<{ metric: string, name: string }> = [
  { metric: 'accuracy', name: 'accuracy' },
  { metric: 'accuracyBeforeReview', name: 'before review' },
  { metric: 'classMeanAccuracy', name: 'class means' },
  { metric: 'averageAccuracy', name: 'AAA' },
  { metric: 'forgetting', name: 'forgetting' },
  { metric: 'backwardTransfer', name: 'BWT' },
  { metric: 'forwardTransfer', name: 'FWT' },
  { metric: 'auroc', name: 'AUROC' },
  { metric: 'oldAuroc', name: 'old' },
  { metric: 'newAuroc', name: 'new' },
  { metric: 'memoryBytes', name: 'memory MB' }
]

export function continualText (report: ContinualReport): string {
  return [heading(report), ...memories(report).map((memory) => memoryTable(report, memory)), ...report.heads.flatMap((heads) => heads.metric === 'auroc' ? [headTable(heads), stepTable(heads)] : [headTable(heads)]), bounds(report), origin(report)].join('\n\n')
}

export function memories ({ policies }: ContinualReport): number[] {
  return [...new Set(policies.map(({ memory }) => memory))]
}

export function presentColumns ({ policies }: ContinualReport): typeof columns {
  return columns.filter(({ metric }) => policies.some((figure) => figure.metric === metric))
}

export function figureOf ({ policies }: ContinualReport, policy: string, memory: number, metric: string): PolicyFigure | undefined {
  return policies.find((figure) => figure.policy === policy && figure.memory === memory && figure.metric === metric)
}

export function cellOf (found: PolicyFigure | undefined): string {
  if (found === undefined) return '–'
  return found.metric === 'memoryBytes' ? megabytes(found.mean) : found.mean.toFixed(3)
}

export function megabytes (bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}

/** `+0.021 ± 0.010 (4/5)`. */
export function differenceText ({ mean, high, wins, seeds }: SeedDifference): string {
  const half = high === null ? '' : ` ± ${(high - mean).toFixed(3)}`
  return `${mean < 0 ? '−' : '+'}${Math.abs(mean).toFixed(3)}${half} (${wins}/${seeds})`
}

function heading ({ protocol, tasks, seeds, policies }: ContinualReport): string {
  const train = tasks.reduce((sum, task) => sum + task.train, 0)
  const test = tasks.reduce((sum, task) => sum + task.test, 0)
  const noise = policies[0]?.noise ?? 0
  const alone = tasks.length > 1 ? '' : '\nNote: one task, so nothing comes after it that could make it forgotten. Give another data set, --protocol or --classes-per-task.'
  return `${protocol}\n${tasks.length === 1 ? '1 task' : `${tasks.length} tasks`}, ${new Set(tasks.flatMap(({ classes }) => classes)).size} classes, about ${train} pictures to train on and ${test} to test on; ${seeds === 1 ? '1 seed' : `${seeds} seeds`}${noise === 0 ? '' : `; ${(100 * noise).toFixed(0)} % of the training labels wrong`}.${alone}`
}

function memoryTable (report: ContinualReport, memory: number): string {
  const names = [...new Set(report.policies.map(({ policy }) => policy))]
  const shown = presentColumns(report)
  const rows = names.map((policy) => {
    const accuracy = figureOf(report, policy, memory, 'accuracy')
    const difference = accuracy === undefined || policy === 'class-balanced' ? '' : differenceText(accuracy.differenceToClassBalanced)
    return [policy, ...shown.map(({ metric }) => cellOf(figureOf(report, policy, memory, metric))), difference]
  })
  return `Memory ${memory}\n${textTable(['policy', ...shown.map(({ name }) => name), 'accuracy against class-balanced (seeds ahead)'], rows)}`
}

function headTable ({ policy, memory, metric, bestOffline, heads }: HeadReport): string {
  const measure = metric === 'auroc' ? 'AUROC' : 'accuracy'
  const rows = heads.map(({ head, accuracy, averageAccuracy, forgetting, backwardTransfer, forwardTransfer, auroc, offline, differenceToOwnOffline, differenceToBestOffline, seconds }) => [
    head === defaultHead ? `${head} (default)` : head, accuracy.toFixed(3), averageAccuracy.toFixed(3), forgetting.toFixed(3), backwardTransfer.toFixed(3), forwardTransfer.toFixed(3), figure(auroc), figure(offline[metric]), differenceText(differenceToOwnOffline), differenceText(differenceToBestOffline), seconds.toFixed(1)
  ])
  return `Heads, memory ${memory} of ${policy}; best offline head: ${bestOffline.head}, ${measure} ${figure(bestOffline[metric])}\n${
    textTable(['head', 'accuracy', 'AAA', 'forgetting', 'BWT', 'FWT', 'AUROC', `${measure} of its own offline`, 'against its own offline', 'against the best offline', 'seconds'], rows)}`
}

function stepTable ({ heads, steps }: HeadReport): string {
  const rows = steps.map((bound, index) => [bound.task, ...heads.map(({ steps: own }) => `${figure(own[index]?.auroc ?? null)} ${figure(own[index]?.oldAuroc ?? null)} ${figure(own[index]?.newAuroc ?? null)}`), figure(bound.auroc)])
  return `AUROC pooled, old and new after each task\n${textTable(['after', ...heads.map(({ head }) => head), 'lda of everything so far'], rows)}`
}

function figure (value: number | null): string {
  return value?.toFixed(3) ?? '–'
}

function bounds ({ offline, finetune, streamingLda }: ContinualReport): string {
  return textTable(['without a memory', 'accuracy', 'AUROC'], [
    ['everything at once', offline.mean.toFixed(3), offline.auroc?.toFixed(3) ?? '–'],
    ['everything at once, classes balanced', offline.balancedMean.toFixed(3), '–'],
    ...(streamingLda === null ? [] : [['streaming LDA', streamingLda.mean.toFixed(3), streamingLda.auroc?.toFixed(3) ?? '–']]),
    ['fine-tuning', finetune.toFixed(3), '–']
  ])
}

const always = 'AAA is the mean over time of the accuracy on what was seen; forgetting (Chaudhry) and BWT compare the end with the best before and with the time when a task was learned; FWT is the mean accuracy on later tasks before they are learned, less 1 / classes, that of random initial weights, which is subtracted as GEM does.'

/** Of the columns, in a sentence or two. */
export function meaningsOf ({ policies }: ContinualReport): string {
  return policies.some(({ metric }) => metric === 'accuracyBeforeReview') ? `${always} The one review comes at the end; accuracy and its difference are from after it, all else is from before.` : always
}

function origin (report: ContinualReport): string {
  return `${meaningsOf(report)}\n± is the 95 % interval over the seeds. Learning takes ${report.secondsPerRun.toFixed(1)} s a run.\n${measuredOnText(report)}`
}
