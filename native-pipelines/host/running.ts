/** One graph while it runs: pulls its pictures, listens to its bus, feeds it where it has a feed. */
import { openFeed } from '../../engine/capture/feed.ts'
import type { CapturePlan, FromHost, PropertyValue } from '../../engine/capture/host-protocol.ts'
import { FeedPump } from './feed-pump.ts'
import type { FrameWriter } from './frame-writer.ts'
import { isPipeline, type BusMessage, type Graph, type Sample } from './gstreamer.ts'
import { Outlet } from './outlet.ts'
import { tightRows } from './tight-rows.ts'

const ALIVE_MS = 500

interface Surroundings {
  writer: FrameWriter
  tell: (message: FromHost, then?: () => void) => void
  fail: (error: unknown) => void
  /** Called once the last thing has been said. */
  stopped: () => void
}

export class Running {
  readonly #graph: Graph
  readonly #plan: CapturePlan
  readonly #around: Surroundings
  readonly #outlet: Outlet
  readonly #pump: FeedPump | undefined
  #playing = false
  #pulling = false
  /** The end has been seen on both: the appsink, then the bus. */
  #end = { sink: false, bus: false }
  #endSaid = false
  #failed = false

  private constructor (graph: Graph, plan: CapturePlan, around: Surroundings, pump: FeedPump | undefined) {
    this.#graph = graph
    this.#plan = plan
    this.#around = around
    this.#pump = pump
    this.#outlet = new Outlet(around.writer, plan)
  }

  /** @throws what GStreamer's parser says of the launch text, or a property that does not exist. */
  static async start (open: (launch: string) => Graph, plan: CapturePlan, around: Surroundings): Promise<Running> {
    const feed = plan.feed === null ? undefined : await openFeed(plan.feed)
    const graph = open(plan.launch)
    for (const property of plan.properties) graph.set(property)
    const warn = (text: string): void => { around.tell({ kind: 'warning', text, debug: '' }) }
    const pump = feed === undefined ? undefined : new FeedPump(feed, graph, { warn, clock: () => performance.now() })
    const running = new Running(graph, plan, around, pump)
    setInterval(() => { running.#sayAlive() }, ALIVE_MS)
    graph.play((message) => { running.#onBus(message) })
    running.#fill()
    return running
  }

  stop (): void {
    this.#failed = true
    this.#graph.stop()
  }

  trigger (): void {
    this.#outlet.trigger()
  }

  set (change: PropertyValue): void {
    try {
      this.#graph.set(change)
      this.#around.tell({ kind: 'changed', change })
    } catch (error) {
      this.#around.tell({ kind: 'warning', text: error instanceof Error ? error.message : String(error), debug: '' })
    }
  }

  rewind (): void {
    this.#end = { sink: false, bus: false }
    this.#endSaid = false
    if (this.#pump !== undefined) {
      this.#pump.rewind()
      this.#around.tell({ kind: 'rewound', done: true })
      this.#fill()
      return
    }
    const done = this.#graph.rewind()
    this.#around.tell({ kind: 'rewound', done })
    if (done) this.#pullAll()
  }

  #sayAlive (): void {
    const { pulled, dropped, waiting } = this.#outlet
    this.#around.tell({ kind: 'alive', pulled, dropped, waiting })
  }

  #onBus (message: BusMessage): void {
    if (message.type === 'error') this.#onError(message)
    else if (message.type === 'warning') this.#around.tell({ kind: 'warning', text: text(message.debug), debug: '' })
    else if (message.type === 'eos') this.#ended('bus')
    else if (message.type === 'state-changed' && message['new-state'] === 'GST_STATE_PLAYING' && !this.#playing && isPipeline(message)) {
      this.#playing = true
      this.#around.tell({ kind: 'playing' })
      this.#pullAll()
    }
  }

  #onError (message: BusMessage): void {
    // The first error is the cause; those after are what it led to.
    if (this.#failed) return
    this.#failed = true
    this.#around.tell({ kind: 'error', origin: 'graph', text: text(message.message), debug: text(message.debug), element: message._src_element_name }, this.#around.stopped)
  }

  #pullAll (): void {
    if (this.#pulling) return
    this.#pulling = true
    this.#pullUntilEnd().catch((error: unknown) => { this.#around.fail(error) }).finally(() => { this.#pulling = false })
  }

  async #pullUntilEnd (): Promise<void> {
    for (;;) {
      const sample = await this.#graph.pull()
      if (sample === null) {
        this.#pulling = false
        this.#ended('sink')
        return
      }
      await this.#outlet.put({ ...this.#picture(sample), partId: this.#pump?.leaving ?? '' })
      this.#pump?.left()
      this.#fill()
    }
  }

  #picture (sample: Sample): { pixels: Uint8Array, width: number, height: number, channels: 1 | 3, capturedAt: number } {
    const { width, height } = sample.caps
    if (typeof width !== 'number' || typeof height !== 'number') throw new Error(`Expected pictures with a width and height, got ${JSON.stringify(sample.caps)}`)
    const { channels } = this.#plan
    return { pixels: tightRows(sample.pixels, width, height, channels), width, height, channels, capturedAt: Date.now() }
  }

  #fill (): void {
    this.#pump?.fill().then(() => { if (this.#pump?.ended === true) this.#sayEnd() }, (error: unknown) => { this.#around.fail(error) })
  }

  #ended (where: 'sink' | 'bus'): void {
    this.#end[where] = true
    if (this.#end.sink && this.#end.bus && !this.#failed) this.#sayEnd()
  }

  #sayEnd (): void {
    if (this.#endSaid) return
    this.#endSaid = true
    this.#outlet.drained().then(() => { this.#around.tell({ kind: 'end-of-stream', sent: this.#outlet.sent }) }, (error: unknown) => { this.#around.fail(error) })
  }
}

function text (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
