/** The pictures of a folder as a feed: decoded a few ahead, read from the folder anew at each pass. */
import { join, sep } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { filesBelow } from '../files-below.ts'
import { decodeImage } from '../frame/image-codec.ts'
import type { FedPicture, Feed } from './feed.ts'
import type { PictureFeedPlan } from './feed-plan.ts'
import { orderPass, type ListedPicture } from './picture-order.ts'

const PICTURE = /\.(png|jpe?g|webp|tiff?|gif|avif)$/i
/** Folders of the usual layouts that hold no parts. */
const NO_PARTS = /(^|\/)(masks|ground_truth)\//
const AHEAD = 3

type Decoded = { picture: FedPicture } | { path: string, error: unknown }

export function openPictureFeed (plan: PictureFeedPlan): Feed {
  return new PictureFeed(plan)
}

class PictureFeed implements Feed {
  readonly #plan: PictureFeedPlan
  readonly #ahead: Array<Promise<Decoded>> = []
  #order: ListedPicture[] | undefined
  #next = 0
  #shown = 0
  #pass = 0

  constructor (plan: PictureFeedPlan) {
    this.#plan = plan
  }

  get rate (): number | null {
    return this.#plan.rate
  }

  /** @throws GOODPARTS_CAPTURE_FAILED when the folder is not there or holds no picture that can be read. */
  async next (warn: (text: string) => void): Promise<FedPicture | null> {
    this.#order ??= await this.#list()
    for (;;) {
      while (this.#ahead.length < AHEAD) {
        const listed = this.#order[this.#next++]
        if (listed === undefined) break
        this.#ahead.push(this.#decode(listed.path))
      }
      const decoded = await this.#ahead.shift()
      if (decoded === undefined) {
        if (this.#shown === 0) throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected ${this.#plan.folder} to hold pictures that can be read, got none`)
        return null
      }
      if ('picture' in decoded) {
        this.#shown++
        return decoded.picture
      }
      warn(decoded.error instanceof Error ? decoded.error.message : `Expected ${decoded.path} to be a picture`)
    }
  }

  rewind (): void {
    this.#pass++
    this.#order = undefined
    this.#next = 0
    this.#shown = 0
    this.#ahead.length = 0
  }

  async #decode (path: string): Promise<Decoded> {
    try {
      const { data: pixels, width, height, channels } = await decodeImage(join(this.#plan.folder, path))
      return { picture: { pixels, width, height, channels, partId: path } }
    } catch (error) {
      return { path, error }
    }
  }

  async #list (): Promise<ListedPicture[]> {
    const { folder } = this.#plan
    let entries
    try {
      entries = await filesBelow(folder, { isWanted: (path) => PICTURE.test(path) })
    } catch (cause) {
      throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected ${folder} to be a folder that can be read: ${String(cause)}`, { cause, fix: 'Check that the path exists on the machine that runs Node-RED' })
    }
    const pictures = entries.map((path) => path.replaceAll(sep, '/')).filter((path) => !NO_PARTS.test(path))
      .map((path) => ({ path, good: /(^|\/)good\//.test(path) }))
    if (pictures.length === 0) throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected ${folder} to hold pictures, got none`, { fix: 'Types read: JPEG, PNG, WebP, TIFF, GIF, AVIF' })
    if (this.#plan.learn > 0 && !pictures.some(({ good }) => good)) {
      throw new GoodpartsError('GOODPARTS_CAPTURE_FAILED', `Expected ${folder} to have a folder good, got none`, { fix: 'Put the good parts into good/ and the others into defect/' })
    }
    return orderPass(pictures, this.#plan, this.#pass)
  }
}
