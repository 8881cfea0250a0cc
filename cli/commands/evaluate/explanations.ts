/** `goodparts evaluate --explain`: every method of explanation on the data set's defects. */
import type { Command } from 'commander'
import type { Dataset } from '../../../engine/evaluation/dataset.ts'
import { evaluateExplanations } from '../../../engine/evaluation/explanation-evaluation.ts'
import type { Explainer } from '../../../engine/explain/explainer.ts'
import { ExplainedModel } from '../../../engine/explain/model/explained-model.ts'
import { explainerByName, explainers } from '../../../engine/explain/registry.ts'
import type { Estimate, ExplanationFindings } from '../../../schemas/evaluation.ts'
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
    .option('--explain', 'explain the defects whose place is known, by every method, and judge the explanations')
    .option('--methods <names>', `those methods only, divided by commas: ${explainers.map(({ method }) => method).join(', ')}`, readMethods)
    .option('--explain-images <number>', 'explain at most so many defective pictures, evenly spread', wholeNumber(1))
    .option('--explain-budget <milliseconds>', 'end each explanation after so long', positiveNumber)
    .option('--sanity', 'also explain the same network with random weights: a map that stays the same shows the picture, not what the model has learned')
}

export function readMethods (text: string): Explainer[] {
  return [...new Set(text.split(',').map((name) => explainerByName(name.trim())))]
}

export function isExplained ({ explain, methods }: ExplainOptions): boolean {
  return explain === true || methods !== undefined
}

/** `null` unless it was asked for. */
export async function explanationFindings (dataset: Dataset, bundle: Uint8Array, options: ExplainOptions, progress: Progress, signal: AbortSignal): Promise<ExplanationFindings | null> {
  if (!isExplained(options)) return null
  const model = ExplainedModel.open(bundle)
  try {
    return await evaluateExplanations(dataset, model, {
      methods: options.methods ?? explainers,
      seed: options.seed,
      nameOf: nameIn(dataset),
      signal,
      progress: (stage, done, total) => progress.update(stage, done, total),
      ...(options.explainImages === undefined ? {} : { images: options.explainImages }),
      sanity: options.sanity === true,
      ...(options.explainBudget === undefined ? {} : { budget: options.explainBudget })
    })
  } finally {
    await model.close()
  }
}

export function explanationText ({ methods, baselines, unavailable, target, hidden, budget }: ExplanationFindings): string {
  const sane = methods.some(({ sanity }) => sanity !== undefined)
  const ended = methods.some(({ timeUp = 0 }) => timeUp > 0)
  const rows = methods.map((found) => [
    found.method, ...[found.ebpg, found.ebpgLift, found.maskL1, found.pointingGame, found.bbox, found.iouOtsu, found.iouTop20, found.insertion, found.deletion].map((one) => estimate(one, 3)),
    estimate(found.drop, 0), estimate(found.increase, 0), ...(sane ? [estimate(found.sanity ?? null, 2)] : []), found.milliseconds.median.toFixed(0), String(found.withoutMap), ...(ended ? [String(found.timeUp)] : [])
  ])
  return [
    `Explanations of ${methods[0]?.n ?? 0} defective pictures (${target}; hidden pixels: ${hidden}${budget === null ? '' : `; ended after ${budget} ms`}), mean and 95 % interval`,
    textTable(['method', 'EBPG', 'lift', 'mask-L1', 'pointing', 'bbox', 'IoU Otsu', 'IoU top 20 %', 'insertion', 'deletion', 'drop %', 'increase %', ...(sane ? ['like random'] : []), 'ms', 'no map', ...(ended ? ['time up'] : [])], rows),
    `To be read against: defects cover ${estimate(baselines.areaShare, 4)} of the area, which is the EBPG of a uniform map; mask-L1 of a black map ${estimate(baselines.zeroMaskL1, 4)}, of a white one ${estimate(baselines.uniformMaskL1, 4)}.`,
    ...methods.flatMap(({ method, n, judged = n }) => judged === n ? [] : [`Insertion to increase of ${method} are of ${judged} of ${n} pictures: the others have no map, or nothing to explain.`]),
    ...methods.flatMap(({ method, randomWithoutMap = 0 }) => randomWithoutMap === 0 ? [] : [`In ${randomWithoutMap} pictures the network with random weights has no map by ${method}, which says nothing: not compared.`]),
    ...unavailable.map(({ method, reason }) => `Without ${method}: ${reason}`)
  ].join('\n')
}

function estimate (one: Estimate | null, digits: number): string {
  return one === null ? '–' : `${one.value.toFixed(digits)} [${one.low.toFixed(digits)}, ${one.high.toFixed(digits)}]`
}
