/** Takes the binary messages of the live server apart; `schemas/live.ts` documents the layout. */
import type { LiveFrame } from '../schemas/live.ts'

const MAGIC = 0x31465047

export interface Packet {
  header: LiveFrame
  jpeg: Uint8Array<ArrayBuffer>
  /** `(h, w)` uint8; null without a map. */
  cells: Uint8Array<ArrayBuffer> | null
}

/** The header, and where the picture begins. @throws RangeError, SyntaxError for bytes that are no packet */
export function decodeHeader (bytes: ArrayBuffer): { header: LiveFrame, jpegAt: number } {
  const view = new DataView(bytes)
  if (bytes.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new RangeError('Expected a picture packet to start with GPF1')
  const headerBytes = view.getUint32(4, true)
  if (8 + headerBytes > bytes.byteLength) throw new RangeError(`Expected a header of ${headerBytes} bytes, got ${bytes.byteLength - 8}`)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, headerBytes))) as LiveFrame
  return { header, jpegAt: 8 + headerBytes }
}

/** As `decodeHeader`. */
export function decodePacket (bytes: ArrayBuffer): Packet {
  const { header, jpegAt } = decodeHeader(bytes)
  const mapAt = jpegAt + header.jpegBytes
  const cellCount = header.map === null ? 0 : header.map.height * header.map.width
  if (mapAt + cellCount !== bytes.byteLength) throw new RangeError(`Expected ${mapAt + cellCount} bytes, got ${bytes.byteLength}`)
  return {
    header,
    jpeg: new Uint8Array(bytes, jpegAt, header.jpegBytes),
    cells: header.map === null ? null : new Uint8Array(bytes, mapAt, cellCount)
  }
}
