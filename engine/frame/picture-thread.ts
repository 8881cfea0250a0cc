/** Pictures from elsewhere, decoded into shared memory by a thread: their pixels are never touched on the thread that asks. */
import { GoodpartsError } from '../errors.ts'
import { AnsweringThread } from '../answering-thread.ts'
import { siblingModule } from '../sibling-module.ts'
import { frameMemory } from './frame-memory.ts'
import type { FrameInit } from './frame.ts'
import { refuseTooLarge } from './picture-bytes.ts'
import type { PictureQuestion } from './picture-worker.ts'

/** Beyond what the largest picture takes on a busy machine. */
const LIMIT_MS = 60_000

/** What a frame is made of. */
export interface SharedPicture extends Pick<FrameInit, 'width' | 'height' | 'channels' | 'memory'> {
  /** Of the file, where it came from one. */
  name: string | null
}

export class PictureThread {
  readonly #thread: AnsweringThread<PictureQuestion, SharedPicture>

  /** `hop` names the place for the ledger; at most `capacity` pictures wait or are decoded. The thread starts with the first. */
  constructor (hop: string, capacity: number) {
    const module = siblingModule(import.meta.url, './picture-worker')
    this.#thread = new AnsweringThread({ hop, capacity, module, name: 'goodparts-picture', limitMs: LIMIT_MS, failure: 'GOODPARTS_IMAGE_DECODE' })
  }

  /** As `openPicture`. @throws as it does, and GOODPARTS_QUEUE_FULL when too many wait */
  async open (content: unknown, options: { folder: string, channels?: 1 | 3 }): Promise<SharedPicture> {
    const picture = await this.#ask(content, options)
    frameMemory.saw(picture.memory.byteLength)
    return picture
  }

  /** Takes nothing more; resolves when what was taken is decoded. */
  async close (): Promise<void> {
    await this.#thread.close()
  }

  async #ask (content: unknown, options: { folder: string, channels?: 1 | 3 }): Promise<SharedPicture> {
    if (typeof content === 'string' && content !== '') {
      // Three bytes in four characters; to be sent, text is copied too.
      if (content.startsWith('data:')) refuseTooLarge(Math.floor(0.75 * (content.length - content.indexOf(',') - 4)))
      return await this.#thread.ask({ content, ...options })
    }
    if (content instanceof Uint8Array) {
      refuseTooLarge(content.byteLength)
      // A view may lie in memory that much else lies in; sending it would copy all of that.
      const own = new Uint8Array(content)
      return await this.#thread.ask({ content: own, ...options }, [own.buffer])
    }
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected a picture to be a Buffer, a data URL or a path, got ${content === null || content === '' ? 'nothing' : typeof content}`, { fix: 'Wire something into it that has a picture in msg.payload. A label with an eventId has none, and goes to the live node of its line.' })
  }
}
