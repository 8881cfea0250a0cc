/** Makes the binary message of a picture, once, however many browsers and the gallery ask for it. */
import { encodePacket } from './protocol.ts'
import type { LinePicture } from './publication.ts'

export class PacketEncoder {
  readonly #quality: number
  readonly #packets = new WeakMap<LinePicture, Promise<Buffer>>()

  /** `quality` of the JPEG, 1 to 100. */
  constructor (quality: number) {
    this.#quality = quality
  }

  async packet (picture: LinePicture): Promise<Buffer> {
    let packet = this.#packets.get(picture)
    if (packet === undefined) {
      packet = this.#encode(picture)
      this.#packets.set(picture, packet)
    }
    return packet
  }

  async #encode (picture: LinePicture): Promise<Buffer> {
    const { line, packet, frame, record, map } = picture
    const jpeg = await frame.toJpeg(this.#quality)
    return encodePacket({ line, packet, frame: frame.toJSON(), record: record ?? null }, jpeg, map?.quantised() ?? null)
  }
}
