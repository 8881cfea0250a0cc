/**
 * A frame: an opaque handle to pixels that were written once into shared memory and are read where they lie.
 * Its custom `Symbol.toStringTag` makes Node-RED's clone pass it by reference, so a fan-out costs nothing
 * and no branch can corrupt another: pixels are read-only by contract.
 */
import { randomUUID } from 'node:crypto'
import type { FrameHeader } from '../../schemas/frame.ts'
import { GoodpartsError } from '../errors.ts'
import { encodeJpeg } from './image-codec.ts'

export interface FrameInit {
  source: string
  sequence: number
  /** Defaults to now. */
  capturedAt?: Date
  width: number
  height: number
  channels: 1 | 3
  /** At least `height * width * channels` bytes, rows without padding. */
  memory: SharedArrayBuffer
}

export class Frame implements FrameHeader {
  readonly id: string
  readonly source: string
  readonly sequence: number
  readonly capturedAt: string
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  /** Shared memory that workers read in place; only the first `byteLength` bytes belong to this frame. */
  readonly memory: SharedArrayBuffer

  /** @throws GOODPARTS_FRAME_SIZE when the memory is smaller than the picture. */
  constructor (init: FrameInit) {
    const bytes = init.width * init.height * init.channels
    if (!Number.isInteger(bytes) || bytes < 1 || init.memory.byteLength < bytes) {
      throw new GoodpartsError('GOODPARTS_FRAME_SIZE',
        `Expected memory for ${init.width}x${init.height}x${init.channels} pixels, got ${init.memory.byteLength} bytes`)
    }
    this.id = randomUUID()
    this.source = init.source
    this.sequence = init.sequence
    this.capturedAt = (init.capturedAt ?? new Date()).toISOString()
    this.width = init.width
    this.height = init.height
    this.channels = init.channels
    this.memory = init.memory
  }

  /** Copies `pixels` `(H, W, C)` into fresh shared memory. */
  static fromPixels (pixels: Uint8Array, init: Omit<FrameInit, 'memory'>): Frame {
    const memory = new SharedArrayBuffer(init.width * init.height * init.channels)
    if (pixels.byteLength !== memory.byteLength) {
      throw new GoodpartsError('GOODPARTS_FRAME_SIZE',
        `Expected ${memory.byteLength} bytes for ${init.width}x${init.height}x${init.channels} pixels, got ${pixels.byteLength}`)
    }
    new Uint8Array(memory).set(pixels)
    return new Frame({ ...init, memory })
  }

  get byteLength (): number {
    return this.width * this.height * this.channels
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsFrame'
  }

  /** A view `(H, W, C)` uint8, not a copy: read only. */
  pixels (): Uint8Array {
    return new Uint8Array(this.memory, 0, this.byteLength)
  }

  /** Encodes on demand, off the main thread. `quality` 1 to 100. */
  async toJpeg (quality = 85): Promise<Buffer> {
    return encodeJpeg(this, quality)
  }

  /** The header only: pixels never enter JSON. */
  toJSON (): FrameHeader {
    const { id, source, sequence, capturedAt, width, height, channels } = this
    return { id, source, sequence, capturedAt, width, height, channels }
  }
}

export function isFrame (value: unknown): value is Frame {
  return value instanceof Frame || Object.prototype.toString.call(value) === '[object GoodpartsFrame]'
}
