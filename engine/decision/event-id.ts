/** Identifiers that come out the same for the same thing, so that consumers can drop what they have seen. */
import { createHash } from 'node:crypto'

/** Names of our events live in this space. */
const namespace = Buffer.from('8e1f3a527c0b4d7fa9d2c4b5e6071829', 'hex')

/** UUID version 5 (RFC 9562 § 5.5) of the judgement of one frame by one judge of a line: a frame may pass several. */
export function inspectionEventId (line: string, judge: string, frameId: string): string {
  const bytes = createHash('sha1').update(namespace).update(JSON.stringify([line, judge, frameId])).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The trace of a frame through nodes and systems, as W3C Trace Context writes one: 32 hexadecimal digits. The frame's own id, a UUID, is these. */
export function traceIdOf (frameId: string): string {
  return frameId.replaceAll('-', '')
}
