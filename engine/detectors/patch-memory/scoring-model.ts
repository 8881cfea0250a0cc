/** The bundle's graph as bytes. */
import type { Backbone } from '../../backbones/backbone.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Memory } from './memory.ts'
import { buildScoringGraph } from './scoring-graph.ts'

export interface ScoringDetails {
  backbone: Backbone
  k: number
  reweightNeighbours: number
  mapSigma: number
}

/** The bundle's graph with the first `entries` of the memory. */
export function scoringModel (memory: Memory, entries: number, details: ScoringDetails): Uint8Array {
  return encodeModel(buildScoringGraph({ ...details, ...memory.settings, projection: memory.projection, bank: memory.bank.subarray(0, entries * memory.width) }))
}
