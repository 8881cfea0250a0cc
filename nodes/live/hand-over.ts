/** What messages bring, given to the live server. */
import type { NodeMessage } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import { Ledger } from '../../engine/frame/ledger.ts'
import type { LiveServer } from '../../engine/live/server.ts'
import type { ServerLease } from '../live-server/shared-server.ts'
import { isVerdict } from '../shared/carried.ts'
import { KeptMessages } from '../shared/kept-messages.ts'
import { readLiveMessage, type LiveInput } from './live-message.ts'

type Word = Extract<LiveInput, { kind: 'word' }>
type Shown = Exclude<LiveInput, Word>

export interface HandOverOptions {
  /** Of the node. */
  id: string
  /** Of its form. */
  line: string
  lease: ServerLease
  /** The server shows the line. */
  taken: (line: string) => void
}

/** Nothing is kept while the server is away: the page shows what is, not what was. But a deploy restarts it, and what comes before it is up again waits. */
export class HandOver {
  readonly #options: HandOverOptions
  readonly #ledger: Ledger
  /** `undefined` once the server has tried to listen. */
  #early: KeptMessages | undefined = new KeptMessages()

  constructor (options: HandOverOptions) {
    this.#options = options
    this.#ledger = new Ledger(`live/${options.id}`)
    options.lease.tried.then(() => { this.#begin() }, () => {})
  }

  give (msg: NodeMessage, input: Shown): void {
    this.#ledger.enter()
    if (this.#early === undefined) this.#give(input)
    else this.#ledger.drop('queue-full', this.#early.add(msg, isVerdict(msg)).gone)
  }

  /** @throws GOODPARTS_LIVE_FAILED without a server: a word is never dropped unsaid; and as `LiveServer.say` */
  async say ({ kind: _kind, line, eventId, label, ...word }: Word): Promise<void> {
    await this.#options.lease.tried
    const server = this.#options.lease.server()
    if (server === undefined) throw new GoodpartsError('GOODPARTS_LIVE_FAILED', 'Expected the live server to be up when a label comes, got one that is not', { fix: 'Send the label again' })
    await server.say(line, eventId, label, { who: `node:${this.#options.id}`, ...word })
  }

  close (): void {
    this.#ledger.drop('no-server', this.#early?.size ?? 0)
    this.#early = undefined
    this.#ledger.close()
  }

  #begin (): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const [, msg] of early) this.#give(readLiveMessage(msg, this.#options.line) as Shown)
  }

  #give (input: Shown): void {
    const server = this.#options.lease.server()
    if (server === undefined) {
      this.#ledger.drop('no-server')
      return
    }
    const { line, isTaken } = show(input, server)
    if (isTaken) this.#ledger.leave()
    else this.#ledger.drop('refused')
    if (isTaken) this.#options.taken(line)
  }
}

/** `isTaken`: `false` when the server has too many lines for this one, and for the end of a fit of a line that is gone. */
function show (input: Shown, server: LiveServer): { line: string, isTaken: boolean } {
  switch (input.kind) {
    case 'notice': return { line: input.line, isTaken: server.notice(input.line, input.notice) }
    case 'explanations': return { line: input.explanations.line, isTaken: server.explained(input.explanations) }
    case 'publication': return { line: input.publication.line, isTaken: server.publish(input.publication) }
  }
}
