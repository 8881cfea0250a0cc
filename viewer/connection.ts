/** Keeps a websocket to the server: asks for a ticket, listens, tries again with growing pauses. */
import type { LearningSheet, Withdrawal } from '../schemas/learning.ts'
import type { KeptEntry, LiveExplain, LiveExplanations, LiveRelabel, LiveRequest, LiveSay, LiveServerMessage, LiveUpdate, LiveWithdrawn } from '../schemas/live.ts'
import { problemText, translate } from './texts.ts'
import { adoptTokenOfAddress, authorisation, forgetToken, keepToken, readToken } from './token.ts'

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'paused'

export interface ConnectionListener {
  onState (state: ConnectionState): void
  onMessage (message: LiveServerMessage): void
  onPacket (bytes: ArrayBuffer): void
  /** The server wants a token; `wrong` when the one given is not it. */
  onTokenNeeded (wrong: boolean): void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8000
const SILENCE_MS = 15_000

export class Connection {
  readonly #listener: ConnectionListener
  /** The one that counts; others are closed and not heard. */
  #socket: WebSocket | undefined
  /** Number of the latest: what an earlier one brings is ignored. */
  #attempt = 0
  #failures = 0
  #heardAt = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor (listener: ConnectionListener) {
    this.#listener = listener
    adoptTokenOfAddress()
    window.addEventListener('online', () => { this.#tryNow() })
    setInterval(() => { this.#checkSilence() }, 5000)
  }

  open (): void {
    const attempt = ++this.#attempt
    this.#hangUp()
    this.#listener.onState(this.#failures === 0 ? 'connecting' : 'reconnecting')
    this.#connect(attempt).catch(() => { if (attempt === this.#attempt) this.#tryLater() })
  }

  useToken (token: string, remember: boolean): void {
    keepToken(token, remember)
    this.open()
  }

  send (request: LiveRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request))
  }

  /** The packet of a kept reject; `undefined` when it is no longer kept. */
  async packet (sha256: string): Promise<ArrayBuffer | undefined> {
    const answer = await fetch(`api/packets/${sha256}`, { headers: authorisation() })
    return answer.ok ? answer.arrayBuffer() : undefined
  }

  /** What other methods say of a part; none for most. */
  async explanations (line: string, eventId: string): Promise<LiveExplanations | undefined> {
    const answer = await fetch(`api/lines/${encodeURIComponent(line)}/explanations/${encodeURIComponent(eventId)}`, { headers: authorisation() })
    return answer.ok ? await answer.json() as LiveExplanations : undefined
  }

  /** Asks for them; resolves when the part is on its way. @throws Error with the server's words */
  async explain (line: string, eventId: string, methods: string[]): Promise<void> {
    const asked: LiveExplain = { schema: 'goodparts.live/1', kind: 'explain', methods }
    await this.#ask('POST', line, `explanations/${encodeURIComponent(eventId)}`, asked)
  }

  /** Keeps a part that is on the screen. @throws Error with the server's words once it is gone */
  async hold (line: string, eventId: string): Promise<KeptEntry> {
    return await (await this.#ask('POST', line, `parts/${encodeURIComponent(eventId)}/hold`)).json() as KeptEntry
  }

  /** Resolves when the server has it on its disk. @throws Error with the server's words */
  async say (line: string, eventId: string, label: string): Promise<void> {
    const said: LiveSay = { schema: 'goodparts.live/1', kind: 'say', label }
    await this.#ask('PUT', line, `parts/${encodeURIComponent(eventId)}/word`, said)
  }

  /** As `say`. @returns what becomes of the word */
  async withdraw (line: string, eventId: string): Promise<Withdrawal> {
    return (await (await this.#ask('DELETE', line, `parts/${encodeURIComponent(eventId)}/word`)).json() as LiveWithdrawn).learned
  }

  /** What the line's replay buffer keeps. @throws Error with the server's words */
  async sheet (line: string): Promise<LearningSheet> {
    return await (await this.#ask('GET', line, 'learning/exemplars')).json() as LearningSheet
  }

  /** Its pictures as a table. @throws as `sheet` */
  async sheetTable (line: string): Promise<Blob> {
    return await (await this.#ask('GET', line, 'learning/exemplars.csv')).blob()
  }

  /** The same with the pictures themselves. @throws as `sheet` */
  async sheetArchive (line: string): Promise<Blob> {
    return await (await this.#ask('GET', line, 'learning/exemplars.tar')).blob()
  }

  /** @throws as `sheet` */
  async exemplar (line: string, sha256: string): Promise<Blob> {
    return await (await this.#ask('GET', line, `learning/pictures/${sha256}`)).blob()
  }

  /** As `say`, of a picture of the replay buffer; `null` lets it go. */
  async relabel (line: string, sha256: string, said: { product: string, label: string } | null): Promise<void> {
    if (said === null) await this.#ask('DELETE', line, `learning/pictures/${sha256}`)
    else await this.#ask('PUT', line, `learning/pictures/${sha256}/label`, { schema: 'goodparts.live/1', kind: 'relabel', ...said } satisfies LiveRelabel)
  }

  /** Begins an update, or ends it. @throws as `sheet` */
  async update (line: string, mode: LiveUpdate['mode'] | 'cancel'): Promise<void> {
    if (mode === 'cancel') await this.#ask('DELETE', line, 'learning/update')
    else await this.#ask('POST', line, 'learning/update', { schema: 'goodparts.live/1', kind: 'update', mode } satisfies LiveUpdate)
  }

  /** Puts the model before the last update back. @throws as `sheet` */
  async rollBack (line: string): Promise<void> {
    await this.#ask('POST', line, 'learning/rollback')
  }

  async #ask (method: string, line: string, path: string, body?: object): Promise<Response> {
    const asked = fetch(`api/lines/${encodeURIComponent(line)}/${path}`, {
      method, headers: { ...authorisation(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    // The browser's own words for that are in its language, and say nothing.
    const answer = await asked.catch((cause: unknown) => { throw new Error(translate('unreachable'), { cause }) })
    if (answer.ok) return answer
    const { code = null, message, fix } = await answer.json().catch(() => ({})) as { code?: string | null, message?: string, fix?: string | null }
    const words = message === undefined ? translate('refused', { status: answer.status }) : [message, fix].filter((text) => typeof text === 'string').join('. ')
    throw new Error(problemText(code, words))
  }

  async #connect (attempt: number): Promise<void> {
    const answer = await fetch('api/tickets', { method: 'POST', headers: authorisation(), signal: AbortSignal.timeout(SILENCE_MS) })
    if (attempt !== this.#attempt) return
    if (answer.status === 401) {
      const wrong = readToken() !== null
      forgetToken()
      // A person has to say something first: no retry.
      this.#failures = 0
      this.#listener.onState('paused')
      this.#listener.onTokenNeeded(wrong)
      return
    }
    if (!answer.ok) throw new Error(`Expected a ticket, got status ${answer.status}`)
    const { ticket } = await answer.json() as { ticket: string }
    if (attempt !== this.#attempt) return
    const address = new URL(`ws?ticket=${encodeURIComponent(ticket)}`, document.baseURI)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    this.#listen(new WebSocket(address))
  }

  #listen (socket: WebSocket): void {
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    this.#heardAt = performance.now()
    socket.onopen = () => {
      if (this.#socket !== socket) return
      this.#failures = 0
      this.#listener.onState('connected')
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== socket) return
      this.#heardAt = performance.now()
      if (typeof event.data === 'string') this.#listener.onMessage(JSON.parse(event.data) as LiveServerMessage)
      else this.#listener.onPacket(event.data)
    }
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#tryLater()
    }
  }

  /** The server speaks every second: long silence means that the way is broken, even if the socket does not know. */
  #checkSilence (): void {
    if (this.#socket !== undefined && performance.now() - this.#heardAt > SILENCE_MS) {
      this.#hangUp()
      this.#tryLater()
    }
  }

  #hangUp (): void {
    clearTimeout(this.#retry)
    const former = this.#socket
    this.#socket = undefined
    former?.close()
  }

  #tryLater (): void {
    this.#failures++
    this.#listener.onState('reconnecting')
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1))
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => { this.#tryNow() }, pause * (0.5 + Math.random() / 2))
  }

  #tryNow (): void {
    clearTimeout(this.#retry)
    if (this.#socket === undefined && this.#failures > 0) this.open()
  }
}
