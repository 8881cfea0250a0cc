/** Whether a message has come to its end: when every node that received it, or a copy of it, says that it is done. */
import type { Node, NodeAPI, NodeMessage } from 'node-red'

interface Place { id: string, node?: Node & { _expectedDoneCount?: number } }
interface Delivered { msg: NodeMessage, destination: Place }
interface Completed { msg: NodeMessage, node: Place, error?: unknown }

interface Followed {
  open: number
  error: unknown
  ended: (error: unknown) => void
}

export class Completion {
  readonly #hooks: NodeAPI['hooks']
  readonly #label: string
  /** By the message's id, which its copies share. */
  readonly #followed = new Map<string, Followed>()

  /** `owner`, a node's id, tells its hooks from those of others. Hooks see every message of every flow, so close it. */
  constructor (hooks: NodeAPI['hooks'], owner: string) {
    this.#hooks = hooks
    this.#label = `goodparts-completion-${owner.replaceAll('.', '-')}`
    hooks.add(`preDeliver.${this.#label}`, ({ msg, destination }: Delivered) => { this.#entered(msg, destination) })
    hooks.add(`onReceive.${this.#label}`, ({ msg, destination }: Delivered) => {
      // A node of the old kind never says so.
      if (destination.node?._expectedDoneCount === 0) this.#left(msg, undefined)
    })
    hooks.add(`onComplete.${this.#label}`, ({ msg, error }: Completed) => { this.#left(msg, error) })
  }

  /** Sends by `send` and resolves at its end, with the first error that a node gave; `undefined` without one, after `limitMs`, or when nobody takes it. */
  async of (msg: NodeMessage & { _msgid: string }, limitMs: number, send: () => void): Promise<unknown> {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => { ended(undefined) }, limitMs)
      const ended = (error: unknown): void => {
        clearTimeout(timer)
        this.#followed.delete(msg._msgid)
        resolve(error)
      }
      const followed: Followed = { open: 0, error: undefined, ended }
      this.#followed.set(msg._msgid, followed)
      send()
      if (followed.open === 0) ended(undefined)
    })
  }

  close (): void {
    this.#hooks.remove(`*.${this.#label}`)
    for (const { ended } of [...this.#followed.values()]) ended(undefined)
  }

  #entered (msg: NodeMessage, { node }: Place): void {
    const followed = this.#followed.get(msg._msgid ?? '')
    if (followed !== undefined && node !== undefined) followed.open++
  }

  #left (msg: NodeMessage, error: unknown): void {
    const followed = this.#followed.get(msg._msgid ?? '')
    if (followed === undefined) return
    followed.open--
    followed.error ??= error
    if (followed.open <= 0) followed.ended(followed.error)
  }
}
