/** What people correct of a contact sheet, at the live page or in the editor: checked, entered into the audit log, then done. */
import type { LiveMessage } from '../../schemas/live.ts'
import { GoodpartsError } from '../errors.ts'
import { readLabelText, readProductName } from '../label-text.ts'
import { validate } from '../schema-validation.ts'
import type { AuditRecord } from '../store/audit-chain.ts'
import type { LearningLine } from './learning-line.ts'

export interface Correcting {
  /** Asked for anew at every step: over a deploy another takes its place. @throws where there is none */
  line: () => LearningLine
  /** Does what is entered after its entry is on the disk. */
  entered: (entry: Pick<AuditRecord, 'kind' | 'details'>, change: () => Promise<void>) => Promise<void>
}

/** Encoded. @throws GOODPARTS_PART_GONE for a hash of none */
export async function keptPicture (line: LearningLine, sha256: string): Promise<Uint8Array> {
  const picture = await line.picture(sha256)
  if (picture === null) throw new GoodpartsError('GOODPARTS_PART_GONE', `Expected ${JSON.stringify(sha256.slice(0, 80))} to be a picture that is kept or waits, got none`, { fix: 'Look at the memory again' })
  return picture
}

/** `body` is a `LiveRelabel`. @throws GOODPARTS_SCHEMA_INVALID, GOODPARTS_PART_GONE, GOODPARTS_STORE_FAILED, GOODPARTS_QUEUE_FULL */
export async function relabelPicture ({ line, entered }: Correcting, sha256: string, body: unknown): Promise<void> {
  const said = readRelabel(body)
  await keptPicture(line(), sha256)
  await entered({ kind: 'exemplar-relabelled', details: { sha256, ...said } }, async () => line().relabel(sha256, said))
}

/** A picture that waits goes now, one of the memory with the next update. @throws GOODPARTS_PART_GONE, GOODPARTS_STORE_FAILED, GOODPARTS_QUEUE_FULL */
export async function removePicture ({ line, entered }: Correcting, sha256: string): Promise<void> {
  await keptPicture(line(), sha256)
  await entered({ kind: 'exemplar-removed', details: { sha256 } }, async () => { await line().withdraw(sha256) })
}

/** @throws GOODPARTS_SCHEMA_INVALID */
export function readLiveBody<Kind extends LiveMessage['kind']> (body: unknown, kind: Kind): Extract<LiveMessage, { kind: Kind }> {
  const read = validate('live', body)
  if (read.kind !== kind) throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected the body to be of kind ${kind}, got ${read.kind}`)
  return read as Extract<LiveMessage, { kind: Kind }>
}

function readRelabel (body: unknown): { product: string, label: string } {
  const given = (body ?? {}) as { product?: unknown, label?: unknown }
  // Before the schema, which knows no remedy.
  const label = typeof given.label === 'string' ? asSchema(readLabelText, given.label) : ''
  const product = typeof given.product === 'string' ? asSchema((text) => readProductName(text, 'the product'), given.product) : ''
  readLiveBody(body, 'relabel')
  return { product, label }
}

function asSchema (read: (given: string) => string, given: string): string {
  try {
    return read(given)
  } catch (cause) {
    const { message, fix } = cause as GoodpartsError
    throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', message, { cause, ...fix === null ? {} : { fix } })
  }
}
