/** `goodparts evaluate --explain`: every method of explanation on the data set's defects. */
import type { Command } from 'commander'
import type { Dataset } from '../../../engine/evaluation/dataset.ts'
import { evaluateExplanations, type ExplainedMaps } from '../../../engine/evaluation/explanation-evaluation.ts'
import { estimateText, explanationColumns, explanationHeading, explanationNotes } from '../../../engine/evaluation/explanation-table.ts'
import { explainedPictures, type ExplainedPictures } from '../../../engine/evaluation/report/explanation-section.ts'
import type { Explainer } from '../../../engine/explain/explainer.ts'
import { ExplainedModel } from '../../../engine/explain/model/explained-model.ts'
import { explainerByName, explainers } from '../../../engine/explain/registry.ts'
import type { ExplanationFindings } from '../../../schemas/evaluation.ts'
import { nameIn } from '../../dataset-names.ts'
import { positiveNumber, wholeNumber } from '../../option-values.ts'
import type { Progress } from '../../progress.ts'
import { textTable } from '../../text-table.ts'

export interface ExplainOptions {
  explain?: boolean
  methods?: Explainer[]
  explainImages?: number
  explainBudget?: number
  sanity?: boolean
  seed: number
}

export function addExplainOptions (command: Command): Command {
  return command
    .option('--explain', 'explain the defects whose place is known, by every method, and judge the explanations; each of the four options below asks for it too')
    .option('--methods <names>', `those methods only, divided by commas: ${explainers.map(({ method }) => method).join(', ')}`, readMethods)
    .option('--explain-images <number>', 'explain at most so many defective pictures, evenly spread', wholeNumber(1))
    .option('--explain-budget <milliseconds>', 'end each method on each picture after so long, with its best map until then', positiveNumber)
    .option('--sanity', 'also explain the same network with random weights: a map that stays the same shows the picture, not what the model has learned')
}

export function readMethods (text: string): Explainer[] {
  return [...new Set(text.split(',').map((name) => explainerByName(name.trim())))]
}

/** Each of the options asks for it: one that is silently ignored is found out after hours. */
export function isExplained ({ explain, methods, explainImages, explainBudget, sanity }: ExplainOptions): boolean {
  return explain === true || sanity === true || [methods, explainImages, explainBudget].some((value) => value !== undefined)
}

/** `null` unless it was asked for. @param shown Where a report is wanted: gets some of the pictures with their maps. */
export async function explanationFindings (dataset: Dataset, bundle: Uint8Array, options: ExplainOptions, shown: ExplainedPictures[] | null, progress: Progress, signal: AbortSignal): Promise<ExplanationFindings | null> {
  if (!isExplained(options)) return null
  const model = ExplainedModel.open(bundle)
  try {
    return await evaluateExplanations(dataset, model, {
      methods: options.methods ?? explainers,
      seed: options.seed,
      nameOf: nameIn(dataset),
      signal,
      progress: (stage, done, total) => progress.update(stage, done, total),
      ...(shown === null ? {} : { show: async (maps: ExplainedMaps) => { shown.push(await explainedPictures(maps, nameIn(dataset))) } }),
      ...(options.explainImages === undefined ? {} : { images: options.explainImages }),
      sanity: options.sanity === true,
      ...(options.explainBudget === undefined ? {} : { budget: options.explainBudget })
    })
  } finally {
    await model.close()
  }
}

export function explanationText (findings: ExplanationFindings): string {
  const columns = explanationColumns(findings)
  const rows = findings.methods.map((found) => [found.method, ...columns.map(({ cell }) => {
    const content = cell(found)
    return typeof content === 'string' ? content : estimateText(content.estimate, content.digits)
  })])
  return [explanationHeading(findings), textTable(['method', ...columns.map(({ name }) => name)], rows), ...explanationNotes(findings)].join('\n')
}
