/** Pictures from elsewhere (a message, a file) as raw pixels. */
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { confinedPath } from './confined-path.ts'
import { decodeImage, type RawImage } from './image-codec.ts'
import { refuseTooLarge } from './picture-bytes.ts'

export interface OpenedPicture {
  image: RawImage
  /** Of the file, where it came from one. */
  name: string | null
}

/**
 * Opens JPEG, PNG, WebP or TIFF given as bytes, as a base64 data URL or as a path under `folder`. Other formats are refused by their first bytes,
 * so that no rarely used decoder meets foreign data.
 * @throws GOODPARTS_ARGUMENT, GOODPARTS_FORBIDDEN (path outside), GOODPARTS_IMAGE_DECODE.
 */
export async function openPicture (content: string | Uint8Array, { folder, channels }: { folder: string, channels?: 1 | 3 }): Promise<OpenedPicture> {
  const { bytes, name } = await readContent(content, folder)
  refuseTooLarge(bytes.byteLength)
  if (!isPicture(bytes)) throw new GoodpartsError('GOODPARTS_IMAGE_DECODE', `Expected ${name ?? `${bytes.byteLength} bytes`} to be a JPEG, PNG, WebP or TIFF picture, got something else`)
  return { image: await decodeImage(bytes, channels === undefined ? {} : { channels }), name }
}

async function readContent (content: string | Uint8Array, folder: string): Promise<{ bytes: Uint8Array, name: string | null }> {
  if (typeof content !== 'string') return { bytes: content, name: null }
  const dataUrl = /^data:image\/[\w.+-]+;base64,/.exec(content)
  if (dataUrl !== null) return { bytes: Buffer.from(content.slice(dataUrl[0].length), 'base64'), name: null }
  const path = await confinedPath(folder, content)
  return { bytes: await readBounded(path), name: basename(path) }
}

async function readBounded (path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a file`)
    refuseTooLarge(found.size)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

const signatures = [[0xff, 0xd8, 0xff], [0x89, 0x50, 0x4e, 0x47], [0x49, 0x49, 0x2a, 0x00], [0x4d, 0x4d, 0x00, 0x2a]]

function isPicture (bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  return signatures.some((signature) => signature.every((byte, i) => bytes[i] === byte)) || (text.startsWith('RIFF') && text.endsWith('WEBP'))
}
