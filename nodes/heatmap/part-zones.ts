/** The zones of parts, also for who asks when a part went by before. */
import type { Zone } from '../../engine/decision/regions.ts'
import { readZones } from './settings.ts'

/** Parts whose own zones are remembered. */
const PARTS = 1000

export class PartZones {
  readonly #usual: Zone[]
  readonly #own = new Map<string, Zone[]>()

  /** `usual`: of parts that bring none. */
  constructor (usual: Zone[]) {
    this.#usual = usual
  }

  /** Reads and remembers what comes with a part; `undefined` where nothing does. @throws GOODPARTS_ARGUMENT */
  read (eventId: string, given: unknown): Zone[] {
    if (given === undefined) return this.#usual
    const zones = readZones(given, 'msg.zones')
    this.#own.set(eventId, zones)
    const [oldest] = this.#own.size > PARTS ? this.#own.keys() : []
    if (oldest !== undefined) this.#own.delete(oldest)
    return zones
  }

  /** Of a part that went by. */
  of (eventId: string): Zone[] {
    return this.#own.get(eventId) ?? this.#usual
  }
}
