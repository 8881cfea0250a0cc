/** Pictures as files named by their content, written so that a reader sees a whole one or none. */
import { createHash, webcrypto } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { notWritten } from '../not-written.ts'
import { writeWhole, writeWholeSync } from '../whole-file.ts'

export class PictureFiles {
  readonly folder: string

  /** @throws GOODPARTS_STORE_FAILED where the folder cannot be made */
  constructor (folder: string) {
    this.folder = folder
    makeStoreFolder(folder)
  }

  /**
   * Keeps encoded bytes; the same bytes are kept once. Flushed to the disk before it returns.
   * @returns SHA-256 of the bytes, hex.
   * @throws GOODPARTS_STORE_FAILED, for example on a full disk; nothing is left behind then
   */
  add (bytes: Uint8Array): string {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const path = this.path(sha256)
    if (statSync(path, { throwIfNoEntry: false })?.size === bytes.byteLength) return sha256
    writeWholeSync(path, bytes)
    return sha256
  }

  /** The same without holding up the thread, of bytes whose hash is known. */
  async addInTurn (bytes: Uint8Array, sha256: string): Promise<void> {
    const path = this.path(sha256)
    const kept = await stat(path).then(({ size }) => size, () => null)
    if (kept !== bytes.byteLength) await writeWhole(path, [bytes])
  }

  path (sha256: string): string {
    return join(this.folder, `${sha256}.img`)
  }

  /** `null` when it is not there or its bytes are not those of its name. */
  read (sha256: string): Uint8Array | null {
    try {
      const bytes = readFileSync(this.path(sha256))
      return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null
    } catch {
      return null
    }
  }

  /** The same without holding up the thread. */
  async readInTurn (sha256: string): Promise<Uint8Array | null> {
    const bytes = await readFile(this.path(sha256)).catch(() => null)
    return bytes !== null && await sha256InTurn(bytes) === sha256 ? bytes : null
  }

  /** Takes every file away that is not among these, what a crash has left half written too. */
  keepOnly (wanted: ReadonlySet<string>): void {
    for (const name of readdirSync(this.folder)) {
      if (!wanted.has(name.replace(/\.img$/, ''))) rmSync(join(this.folder, name), { force: true })
    }
  }
}

/** Hex; computed beside the thread that asks. */
export async function sha256InTurn (bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
}

/** With those above it. @throws GOODPARTS_STORE_FAILED */
export function makeStoreFolder (folder: string): void {
  try {
    makeFolder(folder)
  } catch (cause) {
    throw notWritten(folder, cause)
  }
}
