/** Sends frames down the pipe, one at a time, and tells when there is room for the next. */
import { Socket } from 'node:net'
import { encodeHeader, type WireFrame } from '../../engine/capture/framing.ts'

export interface Picture extends Omit<WireFrame, 'pulled' | 'dropped'> {
  pixels: Uint8Array
}

export class FrameWriter {
  readonly #pipe: Socket

  /** `onGone` is called when nobody reads any more. */
  constructor (fd: number, onGone: () => void) {
    this.#pipe = new Socket({ fd, readable: false, writable: true })
    this.#pipe.on('error', onGone)
    this.#pipe.on('close', onGone)
  }

  /** Resolves when the reader has room again. */
  async write (picture: Picture, pulled: number, dropped: number): Promise<void> {
    return new Promise((resolve) => {
      this.#pipe.cork()
      this.#pipe.write(encodeHeader({ ...picture, pulled, dropped }))
      // The pixels are not copied: nobody writes to them again.
      this.#pipe.write(picture.pixels, () => { resolve() })
      this.#pipe.uncork()
    })
  }
}
