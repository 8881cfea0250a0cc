/** Updates of a detector as a person reads them in a terminal. */
import { mean } from '../../../engine/continual/protocol/metrics.ts'
import { decimals, percent } from '../../../engine/evaluation/report/html-text.ts'
import type { ContinualUpdatesReport, DetectorFigures, UpdateRun } from '../../../schemas/continual-updates.ts'
import { measuredOnText } from '../../measured-on.ts'
import { textTable } from '../../text-table.ts'
import { megabytes } from './summary.ts'

/** One row of the table of a mode: a task, means over the seeds. */
export interface StepRow {
  task: string
  /** `accepted`, `refused`, or how many of the seeds accepted. */
  answer: string
  seconds: number
  memoryBytes: number
  bankBytes: number | null
  before: DetectorFigures
  after: DetectorFigures
  offline: DetectorFigures
}

export const stepColumns = ['after', 'update', 'seconds', 'memory MB', 'bank MB', 'AUROC before', 'AUROC', 'old', 'new', 'offline', 'offline old', 'offline new', 'good rejected before', 'good rejected', 'of the newest', 'defects caught', 'offline: good rejected', 'caught'] as const

export function updatesText (report: ContinualUpdatesReport): string {
  return [heading(report), ...modesOf(report).map((mode) => modeText(report, mode)), explanation, measuredOnText(report)].join('\n\n')
}

export function modesOf ({ runs }: ContinualUpdatesReport): string[] {
  return [...new Set(runs.map(({ mode }) => mode))]
}

export function heading ({ protocol, detector, options, tasks, seeds, memory, policy, largestDrop }: ContinualUpdatesReport): string {
  const counts = tasks.map(({ name, fitted, good, defects, testGood, testDefects }) => `${name}: ${fitted > 0 ? `${fitted} fitted on, ` : ''}${good} good parts and ${defects} defects labelled, ${testGood} and ${testDefects} to test on`)
  return `${protocol}\n${detector}, ${Object.entries(options).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')}; memory ${memory}, ${policy}; the gate lets drops of ${largestDrop} pass; ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}\n${counts.join('\n')}`
}

export function rowsOf (report: ContinualUpdatesReport, mode: string): StepRow[] {
  const runs = report.runs.filter((run) => run.mode === mode)
  return report.tasks.map(({ name }, index) => {
    const steps = runs.flatMap(({ steps: own }) => own[index] ?? [])
    const accepted = steps.filter((step) => step.accepted).length
    return {
      task: name,
      answer: steps.length === 1 ? accepted === 1 ? 'accepted' : 'refused' : `${accepted} of ${steps.length} accepted`,
      seconds: mean(steps.map(({ seconds }) => seconds)),
      memoryBytes: mean(steps.map(({ memoryBytes }) => memoryBytes)),
      bankBytes: steps.some(({ bankBytes }) => bankBytes === null) ? null : mean(steps.map(({ bankBytes }) => bankBytes ?? 0)),
      before: meanFigures(steps.map(({ before }) => before)),
      after: meanFigures(steps.map(({ after }) => after)),
      offline: meanFigures(steps.map(({ offline }) => offline))
    }
  })
}

/** In the order of `stepColumns`. */
export function cellsOf ({ task, answer, seconds, memoryBytes, bankBytes, before, after, offline }: StepRow): string[] {
  const area = (value: number | null): string => decimals(value, 3)
  return [
    task, answer, seconds.toFixed(1), megabytes(memoryBytes), bankBytes === null ? '–' : megabytes(bankBytes), area(before.auroc), area(after.auroc), area(after.oldAuroc), area(after.newAuroc), area(offline.auroc), area(offline.oldAuroc), area(offline.newAuroc),
    ...[before.falseRejects, after.falseRejects, after.newFalseRejects, after.caught, offline.falseRejects, offline.caught].map((share) => percent(share).replace('\u00a0', ' '))
  ]
}

/** Each refusal, in the gate's words. */
export function refusals ({ runs, seeds }: ContinualUpdatesReport, mode: string): string[] {
  return runs.filter((run) => run.mode === mode).flatMap(({ seed, steps }: UpdateRun) => steps.filter(({ accepted }) => !accepted).map(({ task, reasons }) => `${seeds === 1 ? '' : `seed ${seed}, `}${task} refused: ${reasons.join('; ')}`))
}

export const explanation = 'Rejected and caught: beyond the reject limit of the bundle in use, over everything so far. Offline: fitted from nothing on all good parts that the line has seen. Refused labels wait for the next update.'

function modeText (report: ContinualUpdatesReport, mode: string): string {
  return [`Mode ${mode}; the first labels, of what was fitted on, calibrate`, textTable(stepColumns, rowsOf(report, mode).map(cellsOf)), ...refusals(report, mode)].join('\n')
}

function meanFigures (figures: readonly DetectorFigures[]): DetectorFigures {
  const of = (key: keyof DetectorFigures): number | null => {
    const values = figures.map((each) => each[key])
    return values.length > 0 && values.every((value) => value !== null) ? mean(values) : null
  }
  return { auroc: of('auroc'), oldAuroc: of('oldAuroc'), newAuroc: of('newAuroc'), falseRejects: of('falseRejects'), newFalseRejects: of('newFalseRejects'), caught: of('caught') }
}
