/** What crosses between the line and the explanation process: messages, and what is large in them down a pipe. */
import type { ErrorCode } from '../errors.ts'
import type { RawImage } from '../frame/image-codec.ts'
import type { PartExplanation, PartRequest } from './part-explanation.ts'

/** The process's descriptor of the pipe, after standard streams and the channel of messages. */
export const PIPE = 4

/** Followed by the pixels on the pipe. */
export interface WireRequest extends Omit<PartRequest, 'image'> {
  image: Omit<RawImage, 'data'> & { byteLength: number }
}

/** A result is without its `bytesOf`, which follow on the pipe. */
export type WireReply = { result: PartExplanation, byteLengths: number[] } | { error: { code: ErrorCode, message: string, fix: string | null } }

/** Maps and pictures, in the order in which `withBytes` asks for them. */
export function bytesOf ({ explanations, evidence }: PartExplanation): Uint8Array[] {
  const ofMethods = explanations.flatMap(({ map: { values }, quantised: { cells }, jpeg }) => [new Uint8Array(values.buffer, values.byteOffset, values.byteLength), cells, jpeg])
  return evidence === null ? ofMethods : [...ofMethods, evidence.jpeg]
}

/** The same with other maps and pictures; each lies alone in its memory. */
export function withBytes (result: PartExplanation, next: () => Uint8Array<ArrayBuffer>): PartExplanation {
  return {
    ...result,
    explanations: result.explanations.map((explanation) => {
      const values = new Float32Array(next().buffer)
      const cells = next()
      return { ...explanation, map: { ...explanation.map, values }, quantised: { ...explanation.quantised, cells }, jpeg: next() }
    }),
    evidence: result.evidence === null ? null : { ...result.evidence, jpeg: next() }
  }
}
