/**
 * Which labelled pictures an update may learn from. What the line says of itself counts only far from the limit and out of drift; what a
 * person says counts unless the picture contradicts it, and then it is shown again instead of learned.
 */
import type { Exemplar, ReplayItem } from '../buffers/replay-policy.ts'
import type { WaitingPicture } from '../label-inbox.ts'
import { byLabel } from '../samples.ts'
import { SnnlReference, defaultTemperature } from '../snnl.ts'
import { dot, unit } from '../vectors.ts'

export type HoldingReason = 'near-limit' | 'in-drift' | 'looks-like-another-class' | 'unlike-its-lot'

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
  /** What the line calls good is learned only above this p-value. */
  learnAbove: number
  /** Exemplars of a class that make its word count. */
  fewestExemplars: number
  /** Share of a class's own exemplars that may look like another class; beyond, the pictures do not tell the class and a label is not doubted by them. */
  mostMistaken: number
}

export const guardDefaults: GuardOptions = { learnAbove: 0.2, fewestExemplars: 3, mostMistaken: 0.15 }

export class LabelGuard {
  readonly #memory: readonly Exemplar[]
  readonly #options: GuardOptions
  /** Labels that the memory's pictures tell from the other classes of their product. */
  readonly #told: ReadonlySet<string>

  constructor (memory: readonly Exemplar[], options: GuardOptions = guardDefaults) {
    this.#memory = memory
    this.#options = options
    this.#told = new Set([...byLabel(memory)].filter(([, members]) => {
      const mistaken = members.filter((exemplar) => this.#strongerClass(exemplar) !== null).length
      return mistaken <= options.mostMistaken * members.length
    }).map(([label]) => label))
  }

  /** `null` = may be learned. Items and pictures belong together by their ids. */
  holdingReason (picture: WaitingPicture, item: ReplayItem): HeldBack | null {
    const { learnAbove } = this.#options
    const held = (reason: HoldingReason, text: string, values: HeldBack['values'] = {}): HeldBack => ({ sha256: picture.sha256, reason, text, values, snnl: new SnnlReference(this.#memory).of(item) })
    if (picture.by === 'line') {
      if (picture.inDrift) return held('in-drift', 'seen in drift: a person must say what it is')
      if (picture.label === 'good' && (picture.pValue === null || picture.pValue <= learnAbove)) {
        return held('near-limit', `p-value ${picture.pValue?.toPrecision(2) ?? 'unknown'}, at or below ${learnAbove}: a person must say what it is`, { ...(picture.pValue === null ? {} : { pValue: picture.pValue }), learnAbove })
      }
    }
    if (picture.confirmed || !this.#told.has(item.label)) return null
    const ahead = this.#strongerClass(item)
    return ahead === null ? null : held('looks-like-another-class', `labelled ${item.label}, but nearer to ${ahead}`, { label: item.label, ahead })
  }

  /** The class of the same product whose mean kernel with the item is larger than that of its own label; classes count equally, however many they are. */
  #strongerClass (item: ReplayItem): string | null {
    const product = productOf(item.label)
    const direction = unit(item.features)
    const kernels = [...byLabel(this.#memory.filter(({ id, label }) => id !== item.id && productOf(label) === product))]
      .filter(([, members]) => members.length >= this.#options.fewestExemplars)
      .map(([label, members]) => ({ label, mean: members.reduce((sum, { features }) => sum + Math.exp((dot(direction, unit(features)) - 1) / defaultTemperature), 0) / members.length }))
    const own = kernels.find(({ label }) => label === item.label)
    if (own === undefined) return null
    const best = kernels.reduce((most, kernel) => kernel.mean > most.mean ? kernel : most)
    return best.label === item.label ? null : best.label
  }
}

export function productOf (label: string): string {
  return label.slice(0, label.lastIndexOf('/'))
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

function median (values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] as number : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
}
