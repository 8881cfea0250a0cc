/** One rejected part explained by several methods, as a line asks for it; what goes to the explanation process and comes back. */
import type { Region } from '../../schemas/inspection.ts'
import type { Zone } from '../decision/regions.ts'
import type { RawImage } from '../frame/image-codec.ts'
import type { QuantisedMap } from '../frame/quantised-map.ts'
import type { ExplanationMethod } from './explainer.ts'
import type { Faithfulness } from './metrics/faithfulness.ts'
import type { MapValues } from './map-rows.ts'

export interface PartRequest {
  /** The bundle that judged the part. */
  bundle: { path: string, id: string }
  image: RawImage
  methods: ExplanationMethod[]
  /** Milliseconds of the processor for all methods together, judging them not included; `null` = as long as it takes. */
  budget: number | null
  seed: number
  /** Whether each map is judged by insertion and deletion on this very part. */
  judge: boolean
  zones: Zone[]
  /** 0 to 1. */
  opacity: number
  /** JPEG quality 1 to 100. */
  quality: number
}

export interface MethodExplanation {
  method: ExplanationMethod
  /** In [0, 1], over the whole frame. */
  map: MapValues
  /** The map as pages get it. */
  quantised: QuantisedMap
  /** Of the map's values, float32, row-major, little-endian. */
  mapSha256: string
  /** The map over the frame. */
  jpeg: Uint8Array
  sha256: string
  /** What lies above Otsu's threshold of the map. */
  regions: Region[]
  faithfulness: Faithfulness | null
  forwards: { done: number, planned: number }
  skipped: string | null
  milliseconds: number
}

export interface PartExplanation {
  explanations: MethodExplanation[]
  /** Methods that gave nothing, and why; `code` is that of what failed. */
  without: Array<{ method: ExplanationMethod, reason: string, code?: string }>
  /** The good part that is most like this one, from the bundle's file. */
  evidence: { name: string, jpeg: Uint8Array, sha256: string } | null
}
