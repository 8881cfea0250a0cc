/** What an evaluation of explanations says, as columns and sentences: the same on the console and in the report. */
import type { Estimate, ExplanationFindings, ExplanationMethodFindings } from '../../schemas/evaluation.ts'

export interface ExplanationColumn {
  name: string
  /** Text, or a mean with its interval and the decimals to give. */
  cell: (found: ExplanationMethodFindings) => string | { estimate: Estimate | null, digits: number }
}

/** After that of the method's name; columns that hold nothing are left out. */
export function explanationColumns ({ methods }: ExplanationFindings): ExplanationColumn[] {
  const column = (name: string, digits: number, of: (found: ExplanationMethodFindings) => Estimate | null): ExplanationColumn => ({ name, cell: (found) => ({ estimate: of(found), digits }) })
  const sane = methods.some(({ sanity }) => sanity !== undefined)
  const ended = methods.some(({ timeUp = 0 }) => timeUp > 0)
  return [
    column('EBPG', 3, ({ ebpg }) => ebpg),
    column('lift', 3, ({ ebpgLift }) => ebpgLift),
    column('mask-L1', 3, ({ maskL1 }) => maskL1),
    column('pointing', 3, ({ pointingGame }) => pointingGame),
    column('bbox', 3, ({ bbox }) => bbox),
    column('IoU Otsu', 3, ({ iouOtsu }) => iouOtsu),
    column('IoU top 20 %', 3, ({ iouTop20 }) => iouTop20),
    column('insertion', 3, ({ insertion }) => insertion),
    column('deletion', 3, ({ deletion }) => deletion),
    column('drop %', 0, ({ drop }) => drop),
    column('increase %', 0, ({ increase }) => increase),
    ...(sane ? [column('like random', 2, ({ sanity }) => sanity ?? null)] : []),
    { name: 'ms', cell: ({ milliseconds }) => milliseconds.median.toFixed(0) },
    { name: 'no map', cell: ({ withoutMap }) => String(withoutMap) },
    ...(ended ? [{ name: 'time up', cell: ({ timeUp = 0 }: ExplanationMethodFindings) => String(timeUp) }] : [])
  ]
}

export function explanationHeading ({ methods, target, hidden, budget }: ExplanationFindings): string {
  return `Explanations of ${methods[0]?.n ?? 0} defective pictures (${target}; hidden pixels: ${hidden}${budget === null ? '' : `; ended after ${budget} ms`}), mean and 95 % interval`
}

/** What to read the table against, and what is not in it. */
export function explanationNotes ({ methods, baselines, unavailable }: ExplanationFindings): string[] {
  return [
    `To be read against: defects cover ${estimateText(baselines.areaShare, 4)} of the area, which is the EBPG of a uniform map; mask-L1 of a black map ${estimateText(baselines.zeroMaskL1, 4)}, of a white one ${estimateText(baselines.uniformMaskL1, 4)}.`,
    ...methods.flatMap(({ method, n, judged = n }) => judged === n ? [] : [`Insertion to increase of ${method} are of ${judged} of ${n} pictures: the others have no map, or nothing to explain.`]),
    ...methods.flatMap(({ method, randomWithoutMap = 0 }) => randomWithoutMap === 0 ? [] : [`In ${randomWithoutMap} pictures the network with random weights has no map by ${method}, which says nothing: not compared.`]),
    ...unavailable.map(({ method, reason }) => `Without ${method}: ${reason}`)
  ]
}

export function estimateText (one: Estimate | null, digits: number): string {
  return one === null ? '–' : `${one.value.toFixed(digits)}${one.low === null || one.high === null ? '' : ` [${one.low.toFixed(digits)}, ${one.high.toFixed(digits)}]`}`
}
