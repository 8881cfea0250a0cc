/**
 * Pictures and maps between the line and the explanation process, beside the channel of its messages: that one serialises a message as a whole in the
 * thread that sends or reads it, a frame of 12 megapixels for some 60 ms. Here each turn of the event loop moves a piece.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Bytes that are written in one turn. */
const PIECE = 256 * 1024

export class BytePipe {
  readonly #socket: Socket

  constructor (socket: Socket) {
    this.#socket = socket
    // Whoever sends or waits hears of it; between two parts nobody does.
    socket.on('error', () => {})
  }

  /** Resolves when all of it is on its way; nobody may write to `bytes` before. Rejects when nobody reads. */
  async send (bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += PIECE) {
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(bytes.subarray(at, at + PIECE), (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      })
    }
  }

  /** The next `byteLength` bytes, in memory of their own. Where the other side ends before, they never come: that is told by its process. */
  async receive (byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    // Zeroing the memory of a map would take milliseconds.
    const bytes = Buffer.allocUnsafeSlow(byteLength)
    for (let at = 0; at < byteLength;) {
      const piece = this.#socket.read(Math.min(byteLength - at, this.#socket.readableLength)) as Buffer | null
      if (piece !== null) at += piece.copy(bytes, at)
      else await once(this.#socket, 'readable')
    }
    return new Uint8Array(bytes.buffer)
  }
}
