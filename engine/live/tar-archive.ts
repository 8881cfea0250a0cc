/** Files as one archive in ustar (POSIX.1-1988), which every system unpacks; made as it is read, so that no archive is in memory. */
import { GoodpartsError } from '../errors.ts'

export interface ArchivedFile {
  /** With `/`; its last part has at most 100 bytes of UTF-8, all before it at most 155. */
  path: string
  /** When its turn has come; `null` leaves it out. */
  read: () => Promise<Uint8Array | null> | Uint8Array | null
}

const block = 512

/** @param at When the files were changed. @throws GOODPARTS_ARGUMENT for a path that is too long */
export async function * tarArchive (files: Iterable<ArchivedFile>, at: Date): AsyncGenerator<Uint8Array> {
  for (const { path, read } of files) {
    const bytes = await read()
    if (bytes === null) continue
    yield header(path, bytes.byteLength, at)
    yield bytes
    yield new Uint8Array((block - bytes.byteLength % block) % block)
  }
  yield new Uint8Array(2 * block)
}

function header (path: string, size: number, at: Date): Uint8Array {
  const cut = path.lastIndexOf('/')
  const [prefix, name] = [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)]
  const bytes = Buffer.alloc(block)
  const put = (text: string, start: number, length: number): void => {
    if (Buffer.byteLength(text) > length) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected at most ${length} bytes of ${path} in an archive, got ${text}`)
    bytes.write(text, start)
  }
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  put(name, 0, 100)
  put(octal(0o644, 7), 100, 8)
  put(octal(0, 7), 108, 8)
  put(octal(0, 7), 116, 8)
  put(octal(size, 11), 124, 12)
  put(octal(Math.floor(at.getTime() / 1000), 11), 136, 12)
  put('0', 156, 1)
  put('ustar\u000000', 257, 8)
  put(prefix, 345, 155)
  // The sum is taken with spaces where it will stand.
  bytes.fill(' ', 148, 156)
  put(`${octal(bytes.reduce((sum, byte) => sum + byte, 0), 6)}\u0000 `, 148, 8)
  return bytes
}
