/** What the live page asks when somebody wants a part explained. Verdicts carry it there, by reference as they carry frames. */
import { explainers } from '../../engine/explain/registry.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import type { FoundExplanations, LineExplainer } from '../../engine/live/publication.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { ExplanationObstacle } from '../../schemas/live.ts'
import type { ModelNode } from '../model/goodparts-model.ts'

/** Every method but the detector's own map, which each part has. */
const methods: ExplanationMethod[] = explainers.map(({ method }) => method).filter((method) => method !== 'anomaly-map')
/** Where the form chooses none: cheap, and finer than the detector's map. */
const usual: ExplanationMethod[] = ['layer-cam']

export interface AskedExplainerOptions {
  model: ModelNode
  /** Of the form. */
  methods: readonly ExplanationMethod[]
  /** As `LineExplainer`'s. */
  isExplaining: (eventId: string) => boolean
  explain: (image: RawImage, record: InspectionRecord, methods: ExplanationMethod[]) => Promise<FoundExplanations>
}

export class AskedExplainer implements LineExplainer {
  /** `null` once closed: a line keeps who explained its last part for as long as it is on the page, and must not keep the nodes behind it. */
  #options: AskedExplainerOptions | null
  readonly methods = methods
  readonly usual: readonly ExplanationMethod[]

  constructor (options: AskedExplainerOptions) {
    this.#options = options
    // The form may name the detector's map too, which nobody needs to ask for.
    const chosen = options.methods.filter((method) => methods.includes(method))
    this.usual = chosen.length === 0 ? usual : chosen
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsLineExplainer'
  }

  obstacle ({ bundle }: InspectionRecord): ExplanationObstacle | null {
    if (this.#options === null) return 'set-up-anew'
    const current = this.#options.model.current()
    if (current === undefined) return 'no-model'
    return current.model.metadata.id === bundle?.id ? null : 'another-model'
  }

  isExplaining (eventId: string): boolean {
    return this.#options?.isExplaining(eventId) ?? false
  }

  async explain ({ record, picture }: { record: InspectionRecord, picture: Uint8Array }, asked: readonly string[]): Promise<FoundExplanations> {
    if (this.#options === null) throw new GoodpartsError('GOODPARTS_EXPLANATION_FAILED', 'Expected a heatmap node that runs to explain the part, got one that is closed', { fix: 'Take a newer part' })
    const { explain } = this.#options
    return explain(await decodeImage(picture), record, methods.filter((method) => asked.includes(method)))
  }

  /** Explains nothing more, and lets go of the model and of who explains. */
  close (): void {
    this.#options = null
  }

  toJSON (): { methods: string[] } {
    return { methods: this.methods }
  }
}
