/** Reads one file out of a zip archive (APPNOTE 6.3.9, the parts that wheels use: stored and deflated, no encryption, below 4 GiB). */
import { inflateRawSync } from 'node:zlib'

export function readZipEntry (archive: Buffer, wanted: (name: string) => boolean): { name: string, bytes: Buffer } {
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  if (end < 0) throw new Error('Expected a zip archive, got no end of central directory')
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    if (wanted(name)) return { name, bytes: entryBytes(archive, at) }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error('Expected the wanted file in the zip archive, got none')
}

function entryBytes (archive: Buffer, directory: number): Buffer {
  const method = archive.readUInt16LE(directory + 10)
  const size = archive.readUInt32LE(directory + 20)
  const local = archive.readUInt32LE(directory + 42)
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const bytes = archive.subarray(start, start + size)
  if (method === 0) return bytes
  if (method === 8) return inflateRawSync(bytes)
  throw new Error(`Expected a stored or deflated zip entry, got method ${method}`)
}
