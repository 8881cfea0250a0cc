/**
 * Frames on the pipe between a capture process and its supervisor: a fixed header, the part's id, then the pixels
 * `(H, W, C)` uint8 without row padding. Little-endian.
 *
 * | offset | type | |
 * |---|---|---|
 * | 0 | uint32 | magic `GPFR` |
 * | 4 | uint16 | version, 1 |
 * | 6 | uint16 | bytes of the part id, UTF-8 |
 * | 8 | uint32 | width |
 * | 12 | uint32 | height |
 * | 16 | uint32 | channels, 1 or 3 |
 * | 20 | uint32 | pictures pulled so far, this one included |
 * | 24 | uint32 | pictures dropped so far because a newer one came |
 * | 28 | uint32 | reserved, 0 |
 * | 32 | float64 | captured at, milliseconds since 1970 |
 */
import { GoodpartsError } from '../errors.ts'

const MAGIC = 0x52465047
const VERSION = 1
const HEADER_BYTES = 40
/** A picture larger than this is a broken stream, not a camera. */
const MAXIMUM_PIXEL_BYTES = 1 << 30

export interface WireFrame {
  width: number
  height: number
  channels: 1 | 3
  /** Pictures pulled out of the graph so far, this one included. */
  pulled: number
  /** Pictures dropped so far because a newer one came. */
  dropped: number
  /** Milliseconds since 1970. */
  capturedAt: number
  /** Empty where the source does not know it. */
  partId: string
}

/** Header and part id, to be followed by the pixels. */
export function encodeHeader (frame: WireFrame): Uint8Array {
  const id = new TextEncoder().encode(frame.partId).subarray(0, 0xffff)
  const bytes = new Uint8Array(HEADER_BYTES + id.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint16(4, VERSION, true)
  view.setUint16(6, id.byteLength, true)
  const fields = [frame.width, frame.height, frame.channels, frame.pulled, frame.dropped]
  fields.forEach((value, index) => view.setUint32(8 + 4 * index, value, true))
  view.setFloat64(32, frame.capturedAt, true)
  bytes.set(id, HEADER_BYTES)
  return bytes
}

/**
 * Takes the bytes of a pipe, however they are cut, and gives whole frames. Pixels are copied once, into the memory that
 * `allocate` gives. Where there is none (`undefined`), `push` returns what it could not take yet: stop reading, and push that first later.
 */
export class FrameReader {
  readonly #allocate: (byteLength: number) => SharedArrayBuffer | undefined
  readonly #onFrame: (frame: WireFrame, memory: SharedArrayBuffer) => void
  readonly #header = new Uint8Array(HEADER_BYTES)
  #id = new Uint8Array(0)
  #frame: WireFrame | undefined
  #memory: SharedArrayBuffer | undefined
  #target: Uint8Array
  #filled = 0
  #part: 'header' | 'id' | 'pixels' = 'header'

  constructor (allocate: (byteLength: number) => SharedArrayBuffer | undefined, onFrame: (frame: WireFrame, memory: SharedArrayBuffer) => void) {
    this.#allocate = allocate
    this.#onFrame = onFrame
    this.#target = this.#header
  }

  /** @throws GOODPARTS_CAPTURE_FAILED when the bytes are not ours; the stream is lost then. */
  push (chunk: Uint8Array): Uint8Array | undefined {
    let offset = 0
    for (;;) {
      if (this.#part === 'pixels' && this.#memory === undefined && !this.#openPixels()) return chunk.subarray(offset)
      const count = Math.min(chunk.byteLength - offset, this.#target.byteLength - this.#filled)
      this.#target.set(count === chunk.byteLength ? chunk : chunk.subarray(offset, offset + count), this.#filled)
      offset += count
      this.#filled += count
      if (this.#filled < this.#target.byteLength) return undefined
      this.#finishPart()
      if (offset === chunk.byteLength && !(this.#part === 'id' && this.#id.byteLength === 0)) return undefined
    }
  }

  #openPixels (): boolean {
    const { width, height, channels } = this.#frame as WireFrame
    const bytes = width * height * channels
    this.#memory = this.#allocate(bytes)
    if (this.#memory === undefined) return false
    this.#target = new Uint8Array(this.#memory, 0, bytes)
    return true
  }

  #finishPart (): void {
    this.#filled = 0
    if (this.#part === 'header') {
      const { frame, idBytes } = decodeHeader(this.#header)
      this.#frame = frame
      this.#id = new Uint8Array(idBytes)
      this.#target = this.#id
      this.#part = 'id'
    } else if (this.#part === 'id') {
      this.#frame = { ...this.#frame as WireFrame, partId: new TextDecoder().decode(this.#id) }
      this.#memory = undefined
      this.#part = 'pixels'
    } else {
      const memory = this.#memory as SharedArrayBuffer
      this.#memory = undefined
      this.#target = this.#header
      this.#part = 'header'
      this.#onFrame(this.#frame as WireFrame, memory)
    }
  }
}

function decodeHeader (bytes: Uint8Array): { frame: WireFrame, idBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = view.getUint32(0, true)
  const version = view.getUint16(4, true)
  if (magic !== MAGIC || version !== VERSION) {
    throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected a frame header of version ${VERSION}, got 0x${magic.toString(16)} version ${version}`)
  }
  const [width, height, channels, pulled, dropped] = [8, 12, 16, 20, 24].map((at) => view.getUint32(at, true)) as [number, number, number, number, number]
  const pixelBytes = width * height * channels
  if ((channels !== 1 && channels !== 3) || pixelBytes < 1 || pixelBytes > MAXIMUM_PIXEL_BYTES) {
    throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected a picture of 1 or 3 channels and at most ${MAXIMUM_PIXEL_BYTES} bytes, got ${width}x${height}x${channels}`)
  }
  return { frame: { width, height, channels, pulled, dropped, capturedAt: view.getFloat64(32, true), partId: '' }, idBytes: view.getUint16(6, true) }
}
