/** The form of a heatmap node, and what messages add to it. Pure. */
import type { Zone } from '../../engine/decision/regions.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import { explainerByName } from '../../engine/explain/registry.ts'
import { readAll } from '../../engine/read-all.ts'
import type { Verdict } from '../../schemas/inspection.ts'
import { readNumber, readText, readWhole } from '../shared/form-values.ts'
import { isZone } from './zone-form.ts'

export interface HeatmapForm {
  explainGood: boolean
  explainReview: boolean
  explainReject: boolean
  opacity: string
  quality: string
  capacity: string
  /** Configuration node whose bundle the methods ask; empty for none. */
  model?: string
  /** Divided by commas; empty for the detector's own map alone. */
  methods?: string
  /** Milliseconds for all methods of one part, a minute at most; empty for 3000. */
  budget?: string
  judge?: boolean
  /** A JSON list of zones; `msg.zones` comes before it. */
  zones?: string
}

export interface HeatmapSettings {
  chosen: ReadonlySet<Verdict>
  looks: { opacity: number, quality: number }
  capacity: number
  methods: ExplanationMethod[]
  budget: number
  judge: boolean
  zones: Zone[]
}

const usualBudget = 3000
/** Of what no method needs more; and the explanation process is ended when it does not answer for much longer. As in the editor's form. */
const longestBudget = 60_000

/** @throws GOODPARTS_ARGUMENT, all wrong fields at once */
export function readHeatmapForm (form: HeatmapForm): HeatmapSettings {
  const chosen: Array<[boolean, Verdict]> = [[form.explainGood, 'good'], [form.explainReview, 'review'], [form.explainReject, 'reject']]
  const { opacity, quality, ...settings } = readAll({
    opacity: () => readNumber('the opacity', form.opacity, { most: 1 }),
    quality: () => readWhole('the quality', form.quality, { least: 1, most: 100 }),
    capacity: () => readWhole('the capacity', form.capacity, { least: 1, most: 1000 }),
    methods: () => [...new Set(readText('the methods', form.methods).split(',').filter((name) => name.trim() !== '').map((name) => explainerByName(name.trim()).method))],
    budget: () => readText('the time', form.budget) === '' ? usualBudget : readNumber('the time', form.budget ?? '', { least: 1, most: longestBudget }),
    zones: () => readFormZones(form.zones)
  })
  return { ...settings, chosen: new Set(chosen.flatMap(([isChosen, verdict]) => isChosen ? [verdict] : [])), looks: { opacity, quality }, judge: form.judge ?? true }
}

/** In a flow that was written by hand, a list as it is. */
function readFormZones (given: unknown): Zone[] {
  if (Array.isArray(given)) return readZones(given, 'the zones')
  const text = readText('the zones', given)
  return text === '' ? [] : readZones(parse(text), 'the zones')
}

/** `[{ name, box: [x, y, width, height] }]`, in pixels of the frame, each named and with a width and a height above 0. @throws GOODPARTS_ARGUMENT */
export function readZones (value: unknown, what: string): Zone[] {
  if (Array.isArray(value) && value.every(isZone)) return value
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${what} to be a list of { "name", "box": [x, y, width, height] }, each with a name and a width and a height above 0, got ${(JSON.stringify(value) as string | undefined ?? 'nothing').slice(0, 80)}`)
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
