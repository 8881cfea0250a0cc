/** The `metadata_props` of a model file, read and replaced without decoding the rest: every other byte stays as it is. */
import { GoodpartsError } from '../errors.ts'
import { entryType, metadataField, Reader, Writer } from './wire.ts'

const lengthDelimited = 2

/** @throws GOODPARTS_GRAPH_INVALID when the bytes are not in protobuf's format. */
export function readMetadata (bytes: Uint8Array): Record<string, string> {
  const entries = fields(bytes).filter((field) => field.isMetadata)
  try {
    return Object.fromEntries(entries.map(({ start, end }) => {
      const reader = Reader.create(bytes.subarray(start, end))
      reader.uint32()
      const { key, value } = entryType.decode(reader, reader.uint32()) as unknown as { key: string, value: string }
      return [key, value]
    }))
  } catch (cause) {
    throw invalid(bytes, cause)
  }
}

/** The same model with exactly these entries, at its end. @throws GOODPARTS_GRAPH_INVALID. */
export function withMetadata (bytes: Uint8Array, metadata: Readonly<Record<string, string>>): Uint8Array {
  const kept = fields(bytes).filter((field) => !field.isMetadata).map(({ start, end }) => bytes.subarray(start, end))
  const writer = Writer.create()
  for (const [key, value] of Object.entries(metadata)) {
    entryType.encode({ key, value }, writer.uint32(metadataField << 3 | lengthDelimited).fork()).ldelim()
  }
  return new Uint8Array(Buffer.concat([...kept, writer.finish()]))
}

function fields (bytes: Uint8Array): Array<{ isMetadata: boolean, start: number, end: number }> {
  const reader = Reader.create(bytes)
  const found = []
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos
      const tag = reader.uint32()
      reader.skipType(tag & 7)
      found.push({ isMetadata: tag === (metadataField << 3 | lengthDelimited), start, end: reader.pos })
    }
  } catch (cause) {
    throw invalid(bytes, cause)
  }
  return found
}

function invalid (bytes: Uint8Array, cause: unknown): GoodpartsError {
  const said = cause instanceof Error ? cause.message : String(cause)
  return new GoodpartsError('GOODPARTS_GRAPH_INVALID', `Expected ${bytes.byteLength} bytes to be an ONNX model, got: ${said}`, { cause })
}
