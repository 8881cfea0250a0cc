/** An encoded picture, passed by reference in messages as frames are, and kept out of JSON and of the debug sidebar. */
export class EncodedImage {
  readonly mediaType: 'image/jpeg' | 'image/png'
  readonly #bytes: Buffer

  constructor (bytes: Buffer, mediaType: 'image/jpeg' | 'image/png') {
    this.#bytes = bytes
    this.mediaType = mediaType
  }

  get [Symbol.toStringTag] (): string {
    return 'GoodpartsEncodedImage'
  }

  /** Read only. */
  bytes (): Buffer {
    return this.#bytes
  }

  toJSON (): { mediaType: string, bytes: number } {
    return { mediaType: this.mediaType, bytes: this.#bytes.byteLength }
  }
}
