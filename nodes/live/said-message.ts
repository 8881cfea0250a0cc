/** What a person says of a part at the live page, as a message that a replay buffer understands. */
import type { NodeMessage } from 'node-red'
import { Frame } from '../../engine/frame/frame.ts'
import { decodeImage } from '../../engine/frame/image-codec.ts'
import type { SaidOfPart } from '../../engine/live/part-words.ts'

/** @throws GOODPARTS_IMAGE_DECODE */
export async function saidMessage ({ line, eventId, record, word, withdrawn, picture }: SaidOfPart): Promise<NodeMessage> {
  const message = {
    topic: line,
    payload: { kind: withdrawn ? 'withdrawn' : 'said', line, eventId, ...word },
    ...(withdrawn ? { buffer: 'withdraw' } : {}),
    ...(record === null ? {} : { inspection: record })
  }
  if (withdrawn || picture === null || record === null) return message
  const { source, sequence, capturedAt } = record.frame
  const { data, ...size } = await decodeImage(picture)
  const frame = Frame.fromPixels(data, { source, sequence, capturedAt: new Date(capturedAt), ...size })
  return { ...message, frame, label: word.label, product: word.product, partId: word.partId, by: 'person' }
}
