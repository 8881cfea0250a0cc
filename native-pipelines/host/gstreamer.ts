/**
 * The one file that imports gstreamer-superficial, typed. What its source and trials show:
 * - `pull` and `pollBus` each park a thread of libuv's pool until something comes: a process that hosts a graph needs UV_THREADPOOL_SIZE.
 * - numbers are set as 32-bit floats, and properties of enumeration type cannot be set at all: only the launch text can.
 * - a message of type `error` carries `message`, `debug` and the element's path in `name`; a `warning` carries `debug` only.
 * - polling ends by itself when the graph's state is NULL.
 * - property objects have one accessor per GObject property, own and enumerable.
 */
import type { PropertyValue } from '../../engine/capture/host-protocol.ts'
import { GoodpartsError } from '../../engine/errors.ts'

export interface Sample {
  pixels: Uint8Array
  caps: Record<string, unknown>
}

/** A bus message. */
export interface BusMessage {
  type: string
  _src_element_name: string
  [field: string]: unknown
}

type Element = Record<string, unknown>

interface AppSink extends Element {
  pull (callback: (buffer: Buffer | null, caps: Record<string, unknown>) => void): void
}

interface AppSource extends Element {
  push (buffer: Uint8Array, timestamp: Uint8Array): void
}

interface NativePipeline {
  play (): void
  stop (): void
  seek (seconds: number, flags: number): boolean
  findChild (name: string): Element | undefined
  pollBus (callback: (message: BusMessage) => void): void
}

interface Binding {
  Pipeline: new (launch: string) => NativePipeline
}

/** GST_SEEK_FLAG_FLUSH and GST_SEEK_FLAG_KEY_UNIT. */
const SEEK_FLAGS = 1 | 4
const POLL_AGAIN_MS = 20

/** @throws GOODPARTS_DEPENDENCY_MISSING where the binding was not built. */
export async function loadGstreamer (): Promise<(launch: string) => Graph> {
  let binding: Binding
  try {
    // @ts-expect-error it has no types
    binding = (await import('gstreamer-superficial') as { default: Binding }).default
  } catch (cause) {
    throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', `Expected the package gstreamer-superficial to load: ${String(cause)}`, {
      cause, fix: 'apt-get install libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev build-essential, then npm run setup (in a checkout) or npm install (where the package is installed)'
    })
  }
  return (launch) => new Graph(new binding.Pipeline(launch))
}

/** Whether a message is of the graph itself and not of one of its elements. */
export function isPipeline (message: BusMessage): boolean {
  return /^pipeline\d+$/.test(message._src_element_name)
}

/** One graph with an appsink called `sink` and perhaps an appsrc called `feed`. */
export class Graph {
  readonly #native: NativePipeline
  readonly #elements = new Map<string, Element>()
  readonly #sink: AppSink

  constructor (native: NativePipeline) {
    this.#native = native
    this.#sink = this.#element('sink') as AppSink
  }

  /** Starts the graph and hears its bus. May block for as long as a plugin likes. */
  play (callback: (message: BusMessage) => void): void {
    this.#native.play()
    this.#listen(callback)
  }

  /**
   * The binding stops polling after a message while the graph's state is NULL, which is where it stays when a source cannot be opened:
   * until the graph is seen to have left that state, polling is begun again.
   */
  #listen (callback: (message: BusMessage) => void): void {
    let hasLeft = false
    let timer: NodeJS.Timeout | undefined
    const poll = (): void => {
      this.#native.pollBus((message) => {
        clearTimeout(timer)
        hasLeft ||= message.type === 'state-changed' && isPipeline(message)
        if (!hasLeft) timer = setTimeout(poll, POLL_AGAIN_MS)
        callback(message)
      })
    }
    poll()
  }

  /** May block for as long as a plugin likes. */
  stop (): void {
    this.#native.stop()
  }

  /** To the beginning. False where the graph cannot. */
  rewind (): boolean {
    return this.#native.seek(0, SEEK_FLAGS)
  }

  /** The next picture, or `null` at the end. Before the graph plays it would wait for ever. */
  async pull (): Promise<Sample | null> {
    return new Promise((resolve) => {
      this.#sink.pull((buffer, caps) => { resolve(buffer === null ? null : { pixels: buffer, caps }) })
    })
  }

  /** Into the appsrc `feed`. `timestamp` in nanoseconds. */
  push (pixels: Uint8Array, timestamp: bigint): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(timestamp)
    const feed = this.#element('feed') as AppSource
    feed.push(pixels, bytes)
  }

  /** @throws GOODPARTS_PIPELINE_PARAMETER when there is no such element or property, or it does not take the value. */
  set ({ element: name, property, value }: PropertyValue): void {
    const element = this.#element(name)
    if (!Object.hasOwn(element, property) || typeof element[property] === 'function') {
      throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected element ${name} to have the property ${property}, got none`)
    }
    element[property] = value
    const now = element[property]
    if (!took(now, value)) {
      throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected property ${name}.${property} to take ${String(value)}, got ${String(now)}`, {
        fix: 'Properties of enumeration type can only be set in the launch text'
      })
    }
  }

  #element (name: string): Element {
    const known = this.#elements.get(name)
    if (known !== undefined) return known
    const found = this.#native.findChild(name)
    if (found === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected the graph to have an element named ${name}, got none`)
    this.#elements.set(name, found)
    return found
  }
}

function took (now: unknown, wanted: string | number | boolean): boolean {
  // Caps and the like read back in another form; undefined is a property that cannot be read.
  if (now === undefined || typeof now === 'object') return true
  if (typeof wanted === 'number' && typeof now === 'number') return Math.abs(now - wanted) <= 1e-6 * Math.abs(wanted)
  if (typeof wanted === 'number' && typeof now === 'string') return Number(now) === Math.fround(wanted)
  if (typeof wanted === 'string') return now === wanted || wanted.includes('/')
  return now === wanted
}
