/**
 * Which labelled pictures an update may learn from. What the line says of itself counts only far from the limit and out of drift; what a
 * person says counts unless the picture contradicts it, and then it is shown again instead of learned.
 */
import { median } from '../../quantile.ts'
import type { Exemplar, ReplayItem } from '../buffers/replay-policy.ts'
import type { WaitingPicture } from '../label-inbox.ts'
import { byLabel } from '../samples.ts'
import { SnnlReference, defaultTemperature } from '../snnl.ts'
import { dot, unit } from '../vectors.ts'
import { splitExemplarLabel } from '../../../schemas/exemplar-label.ts'
import type { CodedText } from '../../../schemas/learning.ts'

export type HoldingReason = 'near-limit' | 'defect-by-line' | 'in-drift' | 'looks-like-another-class' | 'beyond-the-limit' | 'unlike-its-lot'

/** Those that speak against what a person said. */
export const contradictions: readonly HoldingReason[] = ['looks-like-another-class', 'beyond-the-limit', 'unlike-its-lot']

export interface HeldBack {
  sha256: string
  reason: HoldingReason
  /** For a person. */
  text: string
  /** Of the text. */
  values: Record<string, string | number>
  /** Against the memory; Infinity where it has none of the class. Ranks the queue. */
  snnl: number
}

export interface GuardOptions {
  /** ISO 8601: what the line said itself up to then was said in drift, or in a time that no alarm can tell from it; `null` = nothing was. */
  driftUntil: string | null
  /** What the line calls good is learned only above this p-value. */
  learnAbove: number
  /** Exemplars of a class that make its word count. */
  fewestExemplars: number
  /** Share of a class's own exemplars that may look like another class; beyond, the pictures do not tell the class and a label is not doubted by them. */
  mostMistaken: number
  /** The same where they look clearly like the other class, as wrong labels do and right labels of classes that are alike do not. */
  mostWrong: number
  /** Share of a class's exemplars that may lie between the classes, for its mistaken ones to be taken as wrong labels. */
  mostBetween: number
}

export const guardDefaults: GuardOptions = { driftUntil: null, learnAbove: 0.2, fewestExemplars: 3, mostMistaken: 0.15, mostWrong: 0.3, mostBetween: 0.15 }

interface Distinctness {
  /** Share of a class's exemplars that look like another class of their product. */
  mistaken: number
  /** Share whose kernels with the classes differ, in logarithm, by less than half of what the class's differ by in the median. */
  between: number
}

export class LabelGuard {
  readonly #memory: readonly Exemplar[]
  readonly #options: GuardOptions
  readonly #classes: ReadonlyMap<string, Distinctness>

  constructor (memory: readonly Exemplar[], options: Partial<GuardOptions> = {}) {
    this.#memory = memory
    this.#options = { ...guardDefaults, ...options }
    this.#classes = new Map([...byLabel(memory)].map(([label, members]) => [label, distinctness(members.map((exemplar) => this.#nearest(exemplar)?.margin ?? Infinity))]))
  }

  /** Of these labels, those that no picture can contradict, with why: the memory does not tell them, or none of the classes beside them. */
  unchecked (labels: Iterable<string>): CodedText[] {
    return [...new Set(labels)].flatMap((label) => {
      const others = [...this.#classes].filter(([other]) => other !== label && productOf(other) === productOf(label)).sort(([, a], [, b]) => a.mistaken - b.mistaken).map(([other]) => other)
      const untold = [label, others[0] ?? label].find((each) => !this.#tells(each))
      if (untold === undefined) return []
      const share = this.#classes.get(untold)?.mistaken ?? 0
      return [{ code: 'labels-unchecked', values: { label, untold, share }, text: `labels of ${label} are not checked by their pictures: ${(100 * share).toFixed(0)} % of the memory's ${untold} looks like another class` }]
    })
  }

  /** `null` = may be learned. Items and pictures belong together by their ids. */
  holdingReason (picture: WaitingPicture, item: ReplayItem): HeldBack | null {
    const { learnAbove, driftUntil } = this.#options
    const held = (reason: HoldingReason, text: string, values: HeldBack['values'] = {}): HeldBack => ({ sha256: picture.sha256, reason, text, values, snnl: new SnnlReference(this.#memory).of(item) })
    if (picture.by === 'line') {
      if (picture.inDrift || (driftUntil !== null && (picture.labelledAt ?? '') <= driftUntil)) return held('in-drift', 'seen in drift: a person must say what it is')
      if (picture.label !== 'good') return held('defect-by-line', `the line itself calls it ${picture.label}: a person must say what it is`, { label: item.label })
      if (picture.pValue === null || picture.pValue <= learnAbove) {
        return held('near-limit', `p-value ${picture.pValue?.toPrecision(2) ?? 'unknown'}, at or below ${learnAbove}: a person must say what it is`, { ...(picture.pValue === null ? {} : { pValue: picture.pValue }), learnAbove })
      }
    }
    if (picture.confirmed || !this.#tells(item.label)) return null
    const nearest = this.#nearest(item)
    // A class that its own exemplars do not keep to proves nothing against another.
    return nearest === null || nearest.margin >= 0 || !this.#tells(nearest.other) ? null : held('looks-like-another-class', `labelled ${item.label}, but nearer to ${nearest.other}`, { label: item.label, ahead: nearest.other })
  }

  #tells (label: string): boolean {
    const { mistaken, between } = this.#classes.get(label) ?? { mistaken: 0, between: 0 }
    const { mostMistaken, mostWrong, mostBetween } = this.#options
    return mistaken <= mostMistaken || (mistaken <= mostWrong && between <= mostBetween)
  }

  /**
   * The other class of the same product whose mean kernel with the item is largest, and by how much that of its own label exceeds it, in
   * logarithm; classes count equally, however many they are. `null` without two classes to compare.
   */
  #nearest (item: ReplayItem): { other: string, margin: number } | null {
    const product = productOf(item.label)
    const direction = unit(item.features)
    const kernels = [...byLabel(this.#memory.filter(({ id, label }) => id !== item.id && productOf(label) === product))]
      .filter(([, members]) => members.length >= this.#options.fewestExemplars)
      .map(([label, members]) => ({ label, mean: members.reduce((sum, { features }) => sum + Math.exp((dot(direction, unit(features)) - 1) / defaultTemperature), 0) / members.length }))
    const own = kernels.find(({ label }) => label === item.label)
    const others = kernels.filter((kernel) => kernel !== own)
    if (own === undefined || others.length === 0) return null
    const best = others.reduce((most, kernel) => kernel.mean > most.mean ? kernel : most)
    return { other: best.label, margin: Math.log(own.mean / best.mean) }
  }
}

function distinctness (margins: readonly number[]): Distinctness {
  const clear = median(margins.map(Math.abs)) / 2
  const shareOf = (some: (margin: number) => boolean): number => margins.filter(some).length / margins.length
  return { mistaken: shareOf((margin) => margin < 0), between: shareOf((margin) => Math.abs(margin) < clear) }
}

export function productOf (label: string): string {
  return splitExemplarLabel(label).product
}

/** Distances from the median, in deviations estimated from the median of their sizes, beyond which a picture is unlike its lot. */
const outlying = 6
const normalFactor = 1.4826

/** The indices that stand out upwards. */
export function outliersOf (values: readonly number[]): number[] {
  if (values.length < 5) return []
  const middle = median(values)
  const spread = normalFactor * median(values.map((value) => Math.abs(value - middle)))
  return values.flatMap((value, index) => value - middle > outlying * Math.max(spread, 0.01 * Math.abs(middle)) ? [index] : [])
}
