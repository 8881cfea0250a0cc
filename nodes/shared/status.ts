/** Status of a node: told only on change and at most four times a second, since each call reaches every open editor. */
import type { Node, NodeStatusFill, NodeStatusShape } from 'node-red'

const INTERVAL_MS = 250

type Kind = 'busy' | 'running' | 'degraded' | 'stopped' | 'failed'

export class Status {
  readonly #node: Node
  #shown = ''
  #pending: { fill: NodeStatusFill, shape: NodeStatusShape, text: string } | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #latest: { kind: Kind, text: string } | undefined
  #concern: string | undefined

  constructor (node: Node) {
    this.#node = node
  }

  /** `connecting` yellow ring, `running …` green dot, `degraded …` yellow dot, `stopped` grey ring, `<reason>` red ring. */
  show (kind: Kind, text: string): void {
    if (this.#closed) return
    this.#latest = { kind, text }
    const looks = { busy: ['yellow', 'ring'], running: ['green', 'dot'], degraded: ['yellow', 'dot'], stopped: ['grey', 'ring'], failed: ['red', 'ring'] } as const
    const [fill, shape] = looks[this.#concern !== undefined && kind !== 'failed' ? 'degraded' : kind]
    this.#pending = { fill, shape, text: this.#concern === undefined ? text : `${text} · ${this.#concern}` }
    if (this.#timer === undefined) this.#tell()
  }

  /** What is wrong although the node works: shown behind everything else, in yellow, until it is `undefined`. */
  concern (text: string | undefined): void {
    if (text === this.#concern) return
    this.#concern = text
    if (this.#latest !== undefined) this.show(this.#latest.kind, this.#latest.text)
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
