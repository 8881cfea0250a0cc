/**
 * How far the whole of a fit is, 0 to 1, from the stages that it tells of: each phase has a weight, about the seconds that it takes of a hundred
 * pictures. How many choices will be tried is not known before, so each takes a part of what is left of its phase. An estimate that never falls.
 */
import type { JsonValue } from '../../schemas/bundle.ts'
import { selfTrained } from './backbone-features/chosen-backbone.ts'

const phases = ['suspects', 'pictures', 'choice', 'augmentation', 'preparing', 'training', 'keeping', 'calibration'] as const
type Phase = typeof phases[number]
type Weights = Partial<Record<Phase, number>>

/** Share of what is left of a phase that remains after each of its stages; 0: it has one stage. */
const remains: Record<Phase, number> = { suspects: 0, pictures: 0, choice: 0.85, augmentation: 0.8, preparing: 0.5, training: 0, keeping: 0.6, calibration: 0 }

const usual: Weights = { pictures: 0.5, calibration: 1 }
const ofFamilies: Record<string, Weights> = {
  'patch-memory': { choice: 12, preparing: 6 },
  density: { choice: 6, preparing: 3 },
  'template-difference': { choice: 3, preparing: 1 },
  classifier: { preparing: 6 },
  discriminative: { choice: 12, augmentation: 8, preparing: 6, training: 10 },
  distillation: { choice: 12, augmentation: 10, preparing: 4, training: 40, keeping: 1 },
  contrastive: { augmentation: 10, preparing: 1, training: 40, keeping: 6 },
  reconstruction: { augmentation: 10, preparing: 1, training: 40 }
}

/** Of what a choice of the family takes altogether; the rest is the fit of the one chosen. */
const ofChoosingFamily = 0.6

/** Whole of one fit; told of every report in its order. */
export interface FitShare {
  /** @param total 0 = not known. */
  reached (stage: string, done: number, total: number): number
}

/** @param options As given; @param defaults of the family. */
export function fitShare (family: string, options: Readonly<Record<string, JsonValue>>, defaults: Readonly<Record<string, JsonValue>>, suspects: boolean): FitShare {
  const resolved = { ...defaults, ...options }
  if (family === 'auto' && Array.isArray(resolved['families'])) return new ShareOfFamilies(resolved['families'].map(String), suspects, resolved)
  const isChosen = Object.entries(resolved).some(([name, value]) => value === 'auto' && name !== 'augmentation' && name !== 'tiles')
  return new ShareOfPhases({
    ...usual,
    ...ofFamilies[family],
    ...(resolved['features'] === 'scratch' ? { choice: 0, training: 20 } : {}),
    ...(suspects ? { suspects: 3 } : {}),
    ...(isChosen ? {} : { choice: 0 }),
    // What is chosen comes after the training.
    ...(resolved['backbone'] === selfTrained ? { choice: 0, training: 40, keeping: 12 } : {}),
    ...(resolved['augmentation'] === 'auto' ? {} : { augmentation: 0 })
  })
}

class ShareOfPhases implements FitShare {
  readonly #weights: Weights
  /** Of all weights. */
  readonly #sum: number
  #phase: Phase = 'suspects'
  #stage = ''
  #done = 0
  /** Stages of the phase that are over. */
  #over = 0
  #share = 0

  constructor (weights: Weights) {
    this.#weights = weights
    this.#sum = phases.reduce((sum, phase) => sum + (weights[phase] ?? 0), 0)
  }

  reached (stage: string, done: number, total: number): number {
    const phase = this.#phaseOf(stage)
    if (phases.indexOf(phase) > phases.indexOf(this.#phase)) {
      this.#phase = phase
      this.#over = 0
    } else if (phase === this.#phase && (stage !== this.#stage || done < this.#done)) this.#over++
    this.#stage = stage
    this.#done = done
    if (phase === this.#phase) this.#share = Math.max(this.#share, this.#upTo(phase) + (this.#weights[phase] ?? 0) / this.#sum * this.#within(phase, total === 0 ? 0 : done / total))
    return this.#share
  }

  #phaseOf (stage: string): Phase {
    if (stage.startsWith('suspects')) return 'suspects'
    if (/^(trying|judging) /.test(stage)) return 'choice'
    if (stage.startsWith('augmentation')) return 'augmentation'
    if (stage === 'learning: training') return 'training'
    if (stage.startsWith('learning: ')) return phases.indexOf(this.#phase) >= phases.indexOf('training') ? 'keeping' : 'preparing'
    if (stage === 'calibration' || stage === 'done') return 'calibration'
    return stage === 'pictures' ? 'pictures' : this.#phase
  }

  #upTo (phase: Phase): number {
    return phases.slice(0, phases.indexOf(phase)).reduce((sum, before) => sum + (this.#weights[before] ?? 0), 0) / this.#sum
  }

  #within (phase: Phase, share: number): number {
    const left = remains[phase]
    if (left === 0) return share
    return 1 - left ** this.#over * (1 - (1 - left) * share)
  }
}

interface TriedFamily { name: string, weight: number, share: FitShare, reached: number }

class ShareOfFamilies implements FitShare {
  readonly #families: TriedFamily[]
  readonly #last: FitShare
  /** Of a fit of the first alone: where there are too few pictures to choose by, none is tried. */
  readonly #untried: FitShare
  #share = 0

  constructor (families: readonly string[], suspects: boolean, { families: _families, ...options }: Readonly<Record<string, JsonValue>>) {
    this.#families = families.map((name) => {
      const weights = { ...usual, ...ofFamilies[name] }
      return { name, weight: Object.values(weights).reduce((sum, weight) => sum + weight, 0), share: new ShareOfPhases(weights), reached: 0 }
    })
    this.#last = new ShareOfPhases({ ...usual, preparing: 6 })
    this.#untried = fitShare(families[0] ?? '', options, {}, suspects)
  }

  reached (stage: string, done: number, total: number): number {
    const tried = this.#families.findIndex(({ name }) => stage.startsWith(`trying ${name}: `))
    if (tried >= 0) {
      const family = this.#families[tried] as TriedFamily
      family.reached = family.share.reached(stage.slice(`trying ${family.name}: `.length), done, total)
      for (const before of this.#families.slice(0, tried)) before.reached = 1
      const sum = this.#families.reduce((all, { weight }) => all + weight, 0)
      this.#share = Math.max(this.#share, ofChoosingFamily * this.#families.reduce((all, { weight, reached }) => all + weight / sum * reached, 0))
    } else if (this.#families.some(({ reached }) => reached > 0)) {
      this.#share = Math.max(this.#share, ofChoosingFamily + (1 - ofChoosingFamily) * this.#last.reached(stage, done, total))
    } else {
      this.#share = Math.max(this.#share, this.#untried.reached(stage, done, total))
    }
    return this.#share
  }
}
