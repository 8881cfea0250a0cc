/** Binary messages of the live page; `schemas/live.ts` documents the layout. */
import { createHash } from 'node:crypto'
import type { LiveFrame } from '../../schemas/live.ts'
import type { QuantisedMap } from '../frame/quantised-map.ts'

export const PACKET_MAGIC = 0x31465047

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
