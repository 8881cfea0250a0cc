/**
 * What a person should look at again, most suspicious first: what was held back, then exemplars of the memory by their SNNL and by the disagreement of
 * their nearest neighbours with the label. The first sees a whole class beside another, the second a single wrong label between two.
 */
import { exemplarLabel } from '../../../schemas/exemplar-label.ts'
import type { Exemplar } from '../buffers/replay-policy.ts'
import type { LabelInbox } from '../label-inbox.ts'
import { countByLabel } from '../samples.ts'
import { SnnlReference } from '../snnl.ts'
import { dot, unit } from '../vectors.ts'
import { productOf, type HeldBack } from './label-guard.ts'

/** A picture that a person should look at again. */
export interface RelabelEntry {
  sha256: string
  /** `product/label`, as it stands. */
  label: string
  /** In the memory, or waiting in the inbox. */
  place: 'memory' | 'inbox'
  snnl: number | null
  text: string
  /** Of the text, where it has one. */
  code?: string
  /** Of the text. */
  values?: Record<string, string | number>
}

export interface SheetExemplar { sha256: string, label: string, reason: string, snnl: number | null }

const longestQueue = 20

export function contactSheet (exemplars: readonly Exemplar[]): SheetExemplar[] {
  const reference = new SnnlReference(exemplars)
  return exemplars.map((exemplar, index) => ({ sha256: exemplar.id, label: exemplar.label, reason: exemplar.reason, snnl: finite(reference.of(exemplar, index)) }))
}

export function relabelQueue (exemplars: readonly Exemplar[], heldBack: readonly HeldBack[], inbox: Pick<LabelInbox, 'waiting'>): RelabelEntry[] {
  const waiting = new Map(inbox.waiting.map((picture) => [picture.sha256, picture]))
  const held = heldBack.map(({ sha256, reason, snnl, text, values }): RelabelEntry => ({ sha256, label: exemplarLabel(waiting.get(sha256)?.product ?? '', waiting.get(sha256)?.label ?? ''), place: 'inbox', snnl: finite(snnl), text, code: reason, values }))
  const against = withoutScattered(exemplars, disagreements(exemplars))
  const suspects = contactSheet(exemplars).map((exemplar, index) => ({ exemplar, against: against[index] as Disagreement }))
  const rank = (snnl: number | null): number => snnl ?? -Infinity
  // Of two rankings the better place counts, so that either one alone brings a picture to the front.
  const bySnnl = places(suspects.map(({ exemplar }) => rank(exemplar.snnl)))
  const byNeighbours = places(suspects.map(({ against }) => against.count))
  const order = suspects.map((suspect, index) => ({ suspect, place: Math.min(bySnnl[index] as number, byNeighbours[index] as number), snnl: rank(suspect.exemplar.snnl) }))
  const remembered = order.sort((a, b) => a.place - b.place || b.snnl - a.snnl).map(({ suspect }) => entryOf(suspect.exemplar, suspect.against))
  return [...held.sort((a, b) => rank(b.snnl) - rank(a.snnl)), ...remembered].slice(0, longestQueue)
}

/** Neighbours that are asked, and fewer of a class that has not so many others: the rest would have to be of another, right or wrong. */
const neighbours = 5

interface Disagreement {
  /** Of the nearest exemplars of its product, those with another label than its own, and how many were asked. */
  count: number
  of: number
  /** The label that most of them have. */
  other: string
}

/** Of each, in order, by the nearest by cosine. */
export function disagreements (exemplars: readonly Exemplar[]): Disagreement[] {
  const members = countByLabel(exemplars)
  const directions = exemplars.map(({ features }) => unit(features))
  return exemplars.map((own, index) => {
    const direction = directions[index] as Float32Array
    const nearest = exemplars
      .flatMap(({ label }, at) => at !== index && productOf(label) === productOf(own.label) ? [{ label, cosine: dot(direction, directions[at] as Float32Array) }] : [])
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, Math.min(neighbours, (members.get(own.label) ?? 1) - 1))
    const others = nearest.filter(({ label }) => label !== own.label)
    const [most] = [...countByLabel(others)].sort(([, a], [, b]) => b - a)
    return { count: others.length, of: nearest.length, other: most?.[0] ?? '' }
  })
}

/** A class of at least so many members, of which more than this share has neighbours that disagree, is scattered among others. */
const scattered = { members: 5, share: 0.8 }

/** Defects of one name may look like good parts more than like each other: there neighbours say nothing of a single label, and nobody should be asked for it. */
function withoutScattered (exemplars: readonly Exemplar[], against: readonly Disagreement[]): Disagreement[] {
  const members = countByLabel(exemplars)
  const disagreeing = countByLabel(exemplars.filter((_, index) => isMost(against[index] as Disagreement)))
  const isScattered = (label: string): boolean => (members.get(label) ?? 0) >= scattered.members && (disagreeing.get(label) ?? 0) > scattered.share * (members.get(label) ?? 0)
  return against.map((each, index) => isScattered((exemplars[index] as Exemplar).label) ? { count: 0, of: 0, other: '' } : each)
}

function isMost ({ count, of }: Disagreement): boolean {
  return 2 * count > of
}

/** Places of values, the largest first; equal ones share the best. */
function places (values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => b - a)
  return values.map((value) => sorted.indexOf(value))
}

function entryOf ({ sha256, label, snnl }: SheetExemplar, { count, of, other }: Disagreement): RelabelEntry {
  const entry: RelabelEntry = { sha256, label, place: 'memory', snnl, text: snnl === null ? 'the only one of its class in the memory' : `SNNL ${snnl.toFixed(2)} against the memory` }
  if (!isMost({ count, of, other })) return entry
  const said = `${count} of its ${of} nearest are another class, most of them ${other}`
  return { ...entry, text: snnl === null ? said : `${said}; SNNL ${snnl.toFixed(2)}`, code: 'neighbours-disagree', values: { label, count, of, ahead: other, ...(snnl === null ? {} : { snnl }) } }
}

function finite (value: number): number | null {
  return Number.isFinite(value) ? value : null
}
