/** A fit in a process of its own. */
import { fileURLToPath } from 'node:url'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import { inProcessOfItsOwn, type Work } from '../process-of-its-own.ts'
import type { DeviceRequest } from '../runtime/loaded-model.ts'
import { siblingModule } from '../sibling-module.ts'
import type { FitProgress } from './detector.ts'

export interface FitRequest {
  /** Of `registry.ts`. */
  family: string
  images: Array<{ path: string, group: string | null, calibration: boolean }>
  /** Labelled defects, for families that learn from them. */
  defects?: Array<{ path: string, group: string | null, className: string }>
  options: { [option: string]: JsonValue }
  /** Whether options that the family does not have are left out, not refused: for a form that offers the same to all. Default false. */
  knownOptionsOnly?: boolean
  seed: number
  /** Path of the bundle to write. */
  output: string
  /** Whether to look for pictures that look unlike the rest before anything is learned; default false. */
  suspects?: boolean
  /** Intra-op threads, default 1. */
  threads?: number
  /** Where train steps run, of families that have them; default `cpu`. `auto`: the fastest that trains as the processor does. */
  device?: DeviceRequest
  /** Path of the file that a fit which was killed goes on from; taken away when the bundle is written. */
  checkpoint?: string
}

export interface FitOutcome {
  path: string
  metadata: BundleMetadata
}

export type FitJob = Work<FitRequest, FitProgress, FitOutcome>

export interface FitProcessOptions {
  onProgress?: (progress: FitProgress) => void
  /** Aborting kills the process. */
  signal?: AbortSignal
}

/** @throws GOODPARTS_DEVICE_UNAVAILABLE when the device asked for cannot train, GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED when the process dies, and whatever the fit throws. */
export async function fitInProcess (request: FitRequest, { onProgress = () => {}, signal }: FitProcessOptions = {}): Promise<FitOutcome> {
  return await inProcessOfItsOwn<FitJob>(fileURLToPath(siblingModule(import.meta.url, './fit-child')), request, { name: 'fit', progress: onProgress, signal })
}
