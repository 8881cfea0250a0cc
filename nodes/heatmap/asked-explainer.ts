/** What the live page asks when somebody wants a part explained. Verdicts carry it there, by reference as they carry frames. */
import { explainers } from '../../engine/explain/registry.ts'
import { decodeImage, type RawImage } from '../../engine/frame/image-codec.ts'
import type { FoundExplanations, PartExplainer } from '../../engine/live/publication.ts'
import type { ExplanationMethod } from '../../engine/explain/explainer.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { ExplanationObstacle } from '../../schemas/live.ts'
import type { ModelNode } from '../model/goodparts-model.ts'

/** Every method but the detector's own map, which each part has. */
const methods = explainers.map(({ method }) => method).filter((method) => method !== 'anomaly-map')
/** Where the form chooses none: cheap, and finer than the detector's map. */
const usual: ExplanationMethod[] = ['layer-cam']

export interface AskedExplainerOptions {
  model: ModelNode
  /** Of the form. */
  methods: readonly ExplanationMethod[]
  isClosed: () => boolean
  explain: (image: RawImage, record: InspectionRecord, methods: ExplanationMethod[]) => Promise<FoundExplanations>
}

export class AskedExplainer implements PartExplainer {
  readonly #options: AskedExplainerOptions
  readonly methods = methods
  readonly usual: readonly ExplanationMethod[]

  constructor (options: AskedExplainerOptions) {
    this.#options = options
    this.usual = options.methods.length === 0 ? usual : options.methods
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsPartExplainer'
  }

  obstacle ({ bundle }: InspectionRecord): ExplanationObstacle | null {
    const { isClosed, model } = this.#options
    if (isClosed()) return 'no-explainer'
    const current = model.current()
    if (current === undefined) return 'no-model'
    return current.model.metadata.id === bundle?.id ? null : 'another-model'
  }

  async explain ({ record, picture }: { record: InspectionRecord, picture: Uint8Array }, asked: readonly string[]): Promise<FoundExplanations> {
    return this.#options.explain(await decodeImage(picture), record, methods.filter((method) => asked.includes(method)))
  }

  toJSON (): { methods: string[] } {
    return { methods: this.methods }
  }
}
