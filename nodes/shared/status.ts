/** Status of a node: told only on change and at most four times a second, since each call reaches every open editor. */
import type { Node, NodeStatusFill, NodeStatusShape } from 'node-red'

const INTERVAL_MS = 250

export class Status {
  readonly #node: Node
  #shown = ''
  #pending: { fill: NodeStatusFill, shape: NodeStatusShape, text: string } | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor (node: Node) {
    this.#node = node
  }

  /** `connecting` yellow ring, `running …` green dot, `degraded …` yellow dot, `stopped` grey ring, `<reason>` red ring. */
  show (kind: 'busy' | 'running' | 'degraded' | 'stopped' | 'failed', text: string): void {
    if (this.#closed) return
    const looks = { busy: ['yellow', 'ring'], running: ['green', 'dot'], degraded: ['yellow', 'dot'], stopped: ['grey', 'ring'], failed: ['red', 'ring'] } as const
    const [fill, shape] = looks[kind]
    this.#pending = { fill, shape, text }
    if (this.#timer === undefined) this.#tell()
  }

  /** Work that ends after the node has closed shows nothing more. */
  close (): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending = undefined
  }

  #tell (): void {
    const next = this.#pending
    this.#pending = undefined
    const text = JSON.stringify(next)
    if (next === undefined || text === this.#shown) {
      this.#timer = undefined
      return
    }
    this.#shown = text
    this.#node.status(next)
    this.#timer = setTimeout(() => { this.#tell() }, INTERVAL_MS)
    this.#timer.unref()
  }
}
