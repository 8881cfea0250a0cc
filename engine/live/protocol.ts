/** Binary messages of the live page; `schemas/live.ts` documents the layout. */
import { createHash } from 'node:crypto'
import type { LiveFrame, QuantisedMapHeader } from '../../schemas/live.ts'
import type { AnomalyMap } from '../frame/anomaly-map.ts'

export const PACKET_MAGIC = 0x31465047

export interface QuantisedMap extends QuantisedMapHeader {
  /** `(h, w)` uint8. */
  cells: Uint8Array
}

/** Longest edge of a map on the wire; a page shows no more. */
const LONGEST = 256

/**
 * 256 steps between the smallest and the largest finite value; what is not finite counts as the smallest. A map with a longer edge than 256 is
 * reduced by whole factors, each cell the maximum of those that it replaces, so that a peak stays a peak.
 */
export function quantiseMap (map: AnomalyMap): QuantisedMap {
  const factor = Math.ceil(Math.max(map.height, map.width) / LONGEST)
  const height = Math.ceil(map.height / factor)
  const width = Math.ceil(map.width / factor)
  const values = factor === 1 ? map.values() : reduce(map, factor, height, width)
  const { minimum, maximum } = range(values)
  const scale = maximum > minimum ? 255 / (maximum - minimum) : 0
  const cells = new Uint8Array(values.length)
  // On the main thread, at the pace of the browsers: plain loops, some tenths of a millisecond for 256 x 256. NaN and infinity become 0.
  for (let i = 0; i < values.length; i++) cells[i] = ((values[i] as number) - minimum) * scale + 0.5
  return { height, width, minimum, maximum, cells }
}

function range (values: Float32Array): { minimum: number, maximum: number } {
  let minimum = Infinity
  let maximum = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value < minimum && value !== -Infinity) minimum = value
    if (value > maximum && value !== Infinity) maximum = value
  }
  return minimum > maximum ? { minimum: 0, maximum: 0 } : { minimum, maximum }
}

function reduce (map: AnomalyMap, factor: number, height: number, width: number): Float32Array {
  const values = map.values()
  const reduced = new Float32Array(height * width).fill(-Infinity)
  for (let y = 0; y < map.height; y++) {
    const row = Math.floor(y / factor) * width
    for (let x = 0, cell = row, left = factor; x < map.width; x++) {
      const value = values[y * map.width + x] as number
      if (value > (reduced[cell] as number) && value !== Infinity) reduced[cell] = value
      if (--left === 0) {
        cell++
        left = factor
      }
    }
  }
  return reduced
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

/** Address of a packet, SHA-256 in hex. */
export function contentHash (packet: Uint8Array): string {
  return createHash('sha256').update(packet).digest('hex')
}
