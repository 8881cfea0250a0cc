/** Binary messages of the live page; `schemas/live.ts` documents the layout. */
import type { LiveFrame, QuantisedMapHeader } from '../../schemas/live.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'

export const PACKET_MAGIC = 0x31465047

export interface QuantisedMap extends QuantisedMapHeader {
  /** `(h, w)` uint8. */
  cells: Uint8Array
}

/** 256 steps between the smallest and the largest finite value; what is not finite counts as the smallest. */
export function quantiseMap (map: AnomalyMap): QuantisedMap {
  const values = map.values()
  let minimum = Infinity
  let maximum = -Infinity
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  if (minimum > maximum) minimum = maximum = 0
  const scale = maximum > minimum ? 255 / (maximum - minimum) : 0
  const cells = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    cells[i] = Number.isFinite(value) ? Math.round((value - minimum) * scale) : 0
  }
  return { height: map.height, width: map.width, minimum, maximum, cells }
}

export type PacketHeader = Omit<LiveFrame, 'schema' | 'kind' | 'jpegBytes' | 'map'>

export function encodePacket (header: PacketHeader, jpeg: Uint8Array, map: QuantisedMap | null): Buffer {
  const { line, packet, frame, record } = header
  const complete: LiveFrame = {
    schema: 'goodparts.live/1',
    kind: 'frame',
    line,
    packet,
    frame,
    record,
    jpegBytes: jpeg.byteLength,
    map: map === null ? null : { height: map.height, width: map.width, minimum: map.minimum, maximum: map.maximum }
  }
  const text = Buffer.from(JSON.stringify(complete), 'utf8')
  const start = Buffer.allocUnsafe(8)
  start.writeUInt32LE(PACKET_MAGIC, 0)
  start.writeUInt32LE(text.byteLength, 4)
  return Buffer.concat(map === null ? [start, text, jpeg] : [start, text, jpeg, map.cells])
}
