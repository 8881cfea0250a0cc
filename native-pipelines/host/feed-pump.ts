/**
 * Pushes a feed's pictures into the graph, a few ahead of what has left it, so that the graph never blocks this thread; pictures
 * leave in the order they entered, one for one, which is how each keeps its name.
 */
import type { Feed } from '../../engine/capture/feed.ts'
import type { Graph } from './gstreamer.ts'

const AHEAD = 4

export class FeedPump {
  readonly #feed: Feed
  readonly #graph: Graph
  readonly #warn: (text: string) => void
  readonly #names: string[] = []
  readonly #clock: () => number
  #caps = ''
  #timestamp = 0
  #running = false
  #start: number | undefined
  #atEnd = false

  /** `clock` in milliseconds. */
  constructor (feed: Feed, graph: Graph, options: { warn: (text: string) => void, clock: () => number }) {
    this.#feed = feed
    this.#graph = graph
    this.#warn = options.warn
    this.#clock = options.clock
  }

  /** Whether the pass is over and every picture has left the graph. */
  get ended (): boolean {
    return this.#atEnd && this.#names.length === 0
  }

  /** Keeps `AHEAD` pictures in the graph. */
  async fill (): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      while (!this.#atEnd && this.#names.length < AHEAD) await this.#pushOne()
    } finally {
      this.#running = false
    }
  }

  /** The name of the picture that leaves the graph next. */
  get leaving (): string {
    return this.#names[0] ?? ''
  }

  /** That picture has left. */
  left (): void {
    this.#names.shift()
  }

  rewind (): void {
    this.#feed.rewind()
    this.#atEnd = false
  }

  async #pushOne (): Promise<void> {
    const picture = await this.#feed.next(this.#warn)
    if (picture === null) {
      this.#atEnd = true
      return
    }
    const caps = `video/x-raw,format=${picture.channels === 1 ? 'GRAY8' : 'RGB'},width=${picture.width},height=${picture.height},framerate=0/1,pixel-aspect-ratio=1/1,interlace-mode=progressive`
    if (caps !== this.#caps) {
      this.#graph.set({ element: 'feed', property: 'caps', value: caps })
      this.#caps = caps
    }
    this.#names.push(picture.partId)
    this.#graph.push(paddedRows(picture.pixels, picture.width, picture.height, picture.channels), this.#nextTimestamp())
  }

  /** A pause must not be caught up with in a burst, so no timestamp lies in the past. */
  #nextTimestamp (): bigint {
    this.#start ??= this.#clock()
    const elapsed = this.#clock() - this.#start
    const period = this.#feed.rate === null ? 0 : 1000 / this.#feed.rate
    this.#timestamp = Math.max(this.#timestamp + period, elapsed)
    return BigInt(Math.round(this.#timestamp * 1e6))
  }
}

/** The other way round than `tightRows`: what GStreamer expects. */
function paddedRows (tight: Uint8Array, width: number, height: number, channels: 1 | 3): Uint8Array {
  const row = width * channels
  const stride = Math.ceil(row / 4) * 4
  if (stride === row) return tight
  const padded = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) padded.set(tight.subarray(y * row, (y + 1) * row), y * stride)
  return padded
}
