/** What people say of parts at the live page, as messages that a replay buffer understands. */
import type { Node, NodeMessage } from 'node-red'
import { asGoodpartsError } from '../../engine/errors.ts'
import { Frame } from '../../engine/frame/frame.ts'
import { PictureThread } from '../../engine/frame/picture-thread.ts'
import type { SaidOfPart } from '../../engine/live/part-words.ts'
import type { LiveServerNode } from '../live-server/goodparts-live-server.ts'
import { tellError } from '../shared/lifecycle.ts'

/** Words of people come a few a minute. */
const CAPACITY = 100

export class SaidMessages {
  readonly #pictures: PictureThread
  readonly #deafen: () => void
  /** Settles when what was said before has been sent. */
  #sent: Promise<void> = Promise.resolve()

  /** Sends from `node` what is said of parts of lines for which `isShown` holds, in the order in which it was said. */
  constructor (node: Node, server: LiveServerNode, isShown: (line: string) => boolean) {
    this.#pictures = new PictureThread(`live/${node.id}/said`, CAPACITY)
    this.#deafen = server.hear((said) => {
      if (!isShown(said.line)) return
      const message = saidMessage(said, this.#pictures)
      this.#sent = Promise.allSettled([message, this.#sent]).then(async () => { node.send(await message) })
        .catch((cause: unknown) => { tellError(node, asGoodpartsError(cause, 'GOODPARTS_IMAGE_DECODE')) })
    })
  }

  /** Hears nothing more; resolves when what was said is sent. */
  async close (): Promise<void> {
    this.#deafen()
    await this.#sent
    await this.#pictures.close()
  }
}

async function saidMessage ({ line, eventId, record, word, withdrawn, picture }: SaidOfPart, pictures: PictureThread): Promise<NodeMessage> {
  const message = {
    topic: line,
    payload: { kind: withdrawn ? 'withdrawn' : 'said', line, eventId, ...word },
    ...(withdrawn ? { buffer: 'withdraw' } : {}),
    ...(record === null ? {} : { inspection: record })
  }
  if (withdrawn || picture === null || record === null) return message
  const { source, sequence, capturedAt } = record.frame
  const { name: _name, ...decoded } = await pictures.open(picture, { folder: '' })
  const frame = new Frame({ ...decoded, source, sequence, capturedAt: new Date(capturedAt) })
  return { ...message, frame, label: word.label, product: word.product, partId: word.partId, by: 'person' }
}
