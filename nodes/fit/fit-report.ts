/** What a fit node says of its fit, by its status and its second output: how far it is, and where it ends without a bundle, that it has. */
import type { Node, NodeAPI } from 'node-red'
import type { LineFitProgress } from '../../engine/detectors/line-fit.ts'
import { asGoodpartsError } from '../../engine/errors.ts'
import type { FitEnd } from '../../schemas/live.ts'
import { tellError } from '../shared/lifecycle.ts'
import type { Status } from '../shared/status.ts'

export class FitReport {
  readonly #RED: NodeAPI
  readonly #node: Node
  readonly #status: Status
  readonly #topic: string
  /** Who listens shows something of a fit. */
  #isShown = false

  constructor (RED: NodeAPI, node: Node, status: Status, topic: string) {
    this.#RED = RED
    this.#node = node
    this.#status = status
    this.#topic = topic
  }

  progress (progress: LineFitProgress): void {
    const { stage, done, total, share = 0 } = progress
    this.#status.show('busy', this.#text(stage === 'collecting' ? stage : 'fitting', { stage, done, total, percent: Math.floor(100 * share) }))
    this.#isShown = true
    this.#send(progress)
  }

  ready (id: string): void {
    this.#status.show('running', this.#text('ready', { id: id.slice(0, 6) }))
  }

  failed (cause: unknown): void {
    const error = asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')
    const { code, message, fix } = error
    this.#status.show('failed', this.#text('failed', { code: code.replace('GOODPARTS_', '') }))
    this.#isShown = true
    this.#send({ kind: 'fit-ended', outcome: 'failed', text: message, code, fix })
    tellError(this.#node, error)
  }

  idle (): void {
    this.#status.show('stopped', this.#text('idle'))
    this.withdraw()
  }

  /** Takes back what is shown of a fit that was cancelled, or whose node goes. */
  withdraw (): void {
    if (!this.#isShown) return
    this.#isShown = false
    this.#send({ kind: 'fit-ended', outcome: 'cancelled', text: 'cancelled', code: null, fix: null })
  }

  #text (key: string, values: Record<string, string | number> = {}): string {
    return this.#RED._(`goodparts-fit.status.${key}`, values)
  }

  #send (payload: LineFitProgress | FitEnd): void {
    this.#node.send([null, { topic: this.#topic, payload }])
  }
}
