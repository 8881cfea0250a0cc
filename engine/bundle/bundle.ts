/**
 * The model bundle: one ONNX file whose `metadata_props` hold, under `goodparts`, what the bundle says of itself. Bundles are read as
 * data: size-limited, hash-checked, schema-checked, never run before that.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import { canonicalJson } from '../canonical-json.ts'
import { GoodpartsError } from '../errors.ts'
import { readMetadata, withMetadata } from '../graph/metadata.ts'
import { makeFolder } from '../make-folder.ts'
import { validate } from '../schema-validation.ts'
import { writeWhole } from '../whole-file.ts'

export interface ModelBundle {
  /** The ONNX file, metadata inside. */
  bytes: Uint8Array
  metadata: BundleMetadata
}

/** Metadata before the bundle is sealed. */
export type BundleDescription = Omit<BundleMetadata, 'schema' | 'id' | 'graphSha256' | 'signature'>

/** Key of our entry in `metadata_props`. */
export const metadataKey = 'goodparts'

const fitFix = 'Make bundles with goodparts fit or the fit node.'
const damagedFix = 'Copy the bundle again, or fit it again'

/** 512 MiB. */
export const defaultMaximumBytes = 512 * 1024 * 1024

/**
 * Seals a serialised graph and its description into a bundle: hashes both, and takes every other metadata entry out.
 * @throws GOODPARTS_GRAPH_INVALID when the bytes are no ONNX model, GOODPARTS_BUNDLE_INVALID when the description is not of its schema.
 */
export function writeBundle (graphBytes: Uint8Array, description: BundleDescription): ModelBundle {
  const bare = withMetadata(graphBytes, {})
  const unnamed = { ...description, schema: 'goodparts.bundle/1' as const, graphSha256: sha256(bare), signature: null }
  const metadata = checkMetadata({ ...unnamed, id: bundleId(unnamed) }, 'the new bundle')
  return { bytes: withMetadata(bare, { [metadataKey]: JSON.stringify(metadata) }), metadata }
}

/**
 * Reads and checks a bundle from its path or bytes. Whether it answers as it should is another check, `checkGoldenVectors`.
 * @throws GOODPARTS_BUNDLE_INVALID when it cannot be read, is too large, is no bundle, or was changed.
 */
export async function readBundle (source: string | Uint8Array, { maximumBytes = defaultMaximumBytes } = {}): Promise<ModelBundle> {
  const name = typeof source === 'string' ? source : `${source.byteLength} bytes`
  const bytes = typeof source === 'string' ? await readLimited(source, maximumBytes) : source
  checkSize(name, bytes.byteLength, maximumBytes)
  const text = readEntry(bytes, name)
  const metadata = checkMetadata(parseJson(text, name), name)
  checkHash(name, 'graph', metadata.graphSha256, sha256(withMetadata(bytes, {})))
  checkHash(name, 'metadata', metadata.id, bundleId(metadata))
  return { bytes, metadata }
}

/** A reader sees the old bundle or the new one, never half of one. @throws GOODPARTS_STORE_FAILED */
export async function saveBundle (path: string, bundle: ModelBundle): Promise<void> {
  makeFolder(dirname(path))
  await writeWhole(path, [bundle.bytes])
}

async function readLimited (path: string, maximumBytes: number): Promise<Uint8Array> {
  try {
    const found = await stat(path)
    // A pipe or a device may never end, and no signal ends a read of it.
    if (!found.isFile()) throw invalid(`Expected ${path} to be a bundle file, got ${found.isDirectory() ? 'a folder' : 'no regular file'}`, undefined, fitFix)
    // What the system shows under /proc calls itself a regular file of no size.
    if (found.size === 0) throw invalid(`Expected ${path} to be a bundle file, got an empty file`, undefined, fitFix)
    checkSize(path, found.size, maximumBytes)
    return await readFile(path)
  } catch (error) {
    if (error instanceof GoodpartsError) throw error
    throw invalid(`Expected ${path} to be a bundle file, got ${fileTrouble(error)}`, error, fitFix)
  }
}

function checkSize (name: string, size: number, maximumBytes: number): void {
  if (size > maximumBytes) throw invalid(`Expected ${name} to have at most ${maximumBytes} bytes, got ${size}`, undefined, 'Fit with a smaller memory or input size, or raise the limit')
}

function readEntry (bytes: Uint8Array, name: string): string {
  const entries = ((): Record<string, string> => {
    try {
      return readMetadata(bytes)
    } catch (error) {
      throw invalid(`Expected ${name} to be an ONNX file, got: ${messageOf(error)}`, error, fitFix)
    }
  })()
  const text = entries[metadataKey]
  if (text === undefined) {
    throw invalid(`Expected ${name} to be a bundle, an ONNX file with the metadata entry "${metadataKey}", got none`, undefined,
      `${fitFix} A plain ONNX model is not one.`)
  }
  return text
}

function parseJson (text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`Expected the metadata of ${name} to be JSON, got: ${messageOf(error)}`, error, damagedFix)
  }
}

function checkMetadata (value: unknown, name: string): BundleMetadata {
  try {
    return validate('bundle', value)
  } catch (error) {
    throw invalid(`${messageOf(error)}, in the metadata of ${name}`, error, damagedFix)
  }
}

function checkHash (name: string, what: string, stated: string, found: string): void {
  if (stated !== found) {
    throw invalid(`Expected the ${what} of ${name} to have the hash ${stated}, got ${found}: the file was changed or damaged`, undefined, damagedFix)
  }
}

function bundleId (metadata: Omit<BundleMetadata, 'id'> & { id?: string }): string {
  const { id: _id, signature: _signature, ...hashed } = metadata
  return sha256(canonicalJson(hashed as unknown as JsonValue)).slice(0, 16)
}

function sha256 (data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

/** What an error says; of one of ours, what it got. */
function messageOf (error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return error instanceof GoodpartsError && error.code !== 'GOODPARTS_SCHEMA_INVALID' ? text.replace(/^Expected .*?, got:? /s, '') : text
}

function fileTrouble (error: unknown): string {
  const { code } = error as { code?: string }
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'nothing there'
  if (code === 'EISDIR') return 'a folder'
  if (code === 'EACCES' || code === 'EPERM') return 'a file that this user may not read'
  return messageOf(error)
}

function invalid (message: string, cause?: unknown, fix?: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_BUNDLE_INVALID', message, { ...(cause === undefined ? {} : { cause }), ...(fix === undefined ? {} : { fix }) })
}
