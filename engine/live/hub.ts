/** Brings what lines publish to the browsers that watch: pictures newest first and only when wanted, records always. */
import { randomUUID } from 'node:crypto'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { FitEnd, FitProgress, LineStatistics, LiveExplanations, LiveHello, LiveMessage, LiveRequest, LiveRole, KeptEntry, LineState } from '../../schemas/live.ts'
import type { PartWord, Withdrawal } from '../../schemas/learning.ts'
import { GoodpartsError } from '../errors.ts'
import { Ledger } from '../frame/ledger.ts'
import { AskedExplanations } from './asked-explanations.ts'
import { LiveClient, type LiveSocket } from './client.ts'
import type { History } from '../store/history.ts'
import type { HistoryEntry } from '../store/history-table.ts'
import { KeptParts } from './kept-parts.ts'
import type { LearningLines } from './learning-line.ts'
import { LineBoard } from './line-board.ts'
import { PacketEncoder } from './packet-encoder.ts'
import type { PageMemory } from './page-memory.ts'
import { PartWords, type SaidOfPart, type WordOrigin } from './part-words.ts'
import type { LinePicture, LivePublication, PartExplanations } from './publication.ts'
import { ShownParts } from './shown-parts.ts'

const SCHEMA = 'goodparts.live/1'
const LINES = 64

export interface HubOptions {
  version: string
  /** Most frames per second that one browser gets of one line. */
  framesPerSecond: number
  jpegQuality: number
  /** Outlives the hub. */
  memory: PageMemory
  /** Closed with the hub. */
  history?: History
  learning: LearningLines
  /** Told after it is on the disk. */
  onSaid: (said: SaidOfPart) => void
  now?: () => number
  /** Background trouble, for example a picture that could not be encoded. */
  onError: (error: unknown) => void
}

export class LiveHub {
  readonly id = randomUUID()
  readonly #options: HubOptions
  readonly #now: () => number
  readonly #encoder: PacketEncoder
  readonly #kept: KeptParts
  readonly #shown = new ShownParts()
  readonly #words: PartWords
  readonly #asked: AskedExplanations
  readonly #stopListening: Array<() => void>
  readonly #lines: Map<string, LineBoard>
  readonly #clients = new Set<LiveClient>()
  readonly #published = new Ledger('live/lines')
  readonly #browsers = new Ledger('live/browsers')
  readonly #texts = new Ledger('live/texts')
  /** By line, as every browser knows it. */
  readonly #toldOfLearning = new Map<string, string>()

  constructor (options: HubOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#encoder = new PacketEncoder(options.jpegQuality)
    this.#lines = options.memory.boards
    for (const board of this.#lines.values()) board.resume()
    const era = (line: string): unknown => this.#lines.get(line)
    this.#kept = new KeptParts({
      era,
      encoder: this.#encoder,
      gallery: options.memory.gallery,
      history: options.history,
      now: this.#now,
      onKept: (entry) => { this.#tellAll({ schema: SCHEMA, kind: 'kept', entry }) },
      onError: options.onError
    })
    this.#words = new PartWords({
      era,
      parts: this.#kept,
      words: options.memory.words,
      history: options.history,
      learning: options.learning,
      now: this.#now,
      onSaid: (said) => {
        this.#tellAll({ schema: SCHEMA, kind: 'word', line: said.line, eventId: said.eventId, word: said.withdrawn ? null : said.word })
        options.onSaid(said)
      }
    })
    this.#asked = new AskedExplanations({
      parts: this.#kept,
      explainer: (line) => this.#lines.get(line)?.explainer,
      onAsked: (line, eventId) => { this.#tellAll({ schema: SCHEMA, kind: 'explained', line, eventId }) },
      onFound: (line, eventId, found) => { if (this.#lines.has(line)) this.explained({ line, eventId, ...found }) }
    })
    this.#stopListening = [
      options.learning.listen(() => { this.#learningChanged() }),
      options.memory.listen({ dropped: (line) => { this.#dropped(line) }, settled: () => { this.restore() } })
    ]
  }

  get viewers (): number {
    return this.#clients.size
  }

  get verdictsLost (): number {
    return [...this.#clients].reduce((sum, client) => sum + client.verdictsLost, 0)
  }

  statistics (): LineStatistics[] {
    return [...this.#lines.values()].map((board) => board.statistics())
  }

  /** Frames seen so far, by line. */
  frames (): Map<string, number> {
    return new Map([...this.#lines].map(([line, board]) => [line, board.frames]))
  }

  /** The page shows it. */
  knows (line: string): boolean {
    return this.#lines.has(line)
  }

  /** Newest first. */
  rejects (line: string): KeptEntry[] {
    return this.#kept.entries(line).filter(({ record }) => record.verdict === 'reject')
  }

  /** Keeps a part that somebody looks at. @throws GOODPARTS_PART_GONE once it is gone, GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED */
  async hold (line: string, eventId: string): Promise<KeptEntry> {
    const known = await this.#kept.find(line, eventId)
    if (known !== undefined) return known
    const picture = this.#shown.find(line, eventId)
    if (picture !== undefined) return await this.#kept.hold(picture)
    throw new GoodpartsError('GOODPARTS_PART_GONE', `Expected ${eventId} to be a part that was on the screen just now, got none`, { fix: 'Choose a newer part' })
  }

  /** As `PartWords.say`. */
  async say (line: string, eventId: string, label: string, by: LiveRole, origin?: WordOrigin): Promise<PartWord> {
    return await this.#words.say(line, eventId, label, by, origin)
  }

  /** As `PartWords.withdraw`. */
  async withdraw (line: string, eventId: string, by: LiveRole): Promise<Withdrawal> {
    return await this.#words.withdraw(line, eventId, by)
  }

  /** Inspections of a line that are kept on disk, newest first. @throws GOODPARTS_STORE_FAILED */
  async history (line: string, before?: number): Promise<HistoryEntry[]> {
    return await this.#kept.inspections(line, before)
  }

  /** @throws GOODPARTS_STORE_FAILED */
  async packet (sha256: string): Promise<Uint8Array | undefined> {
    return await this.#kept.packet(sha256)
  }

  /** Shows the lines of the history that somebody claims before they say anything themselves. */
  restore (): void {
    // What fails is told by the history; the page goes on without.
    this.#kept.formerLines((line) => this.#options.memory.isClaimed(line)).then((lines) => { for (const line of lines) this.#board(line) }, () => {})
  }

  /** Never throws and never waits: the caller is the line. `false` when there are too many lines already for this one. */
  publish (publication: LivePublication): boolean {
    const board = this.#enter(publication.line)
    if (board === undefined) return false
    const { frame, record, explaining, weakPromise, explainer } = publication
    if (record === undefined && board.isJudging()) {
      this.#published.drop('between-verdicts')
      return true
    }
    this.#published.leave()
    const packet = board.arrived()
    // A verdict that brings nobody after a deploy comes from a line that has no heatmap node any more.
    if (explainer !== undefined || (record !== undefined && board.explainer?.obstacle(record) === 'set-up-anew')) board.explainer = explainer
    if (record !== undefined) {
      board.judged(record)
      if (weakPromise !== undefined && board.promised(record.product, weakPromise)) this.#tellLine(board)
      if (explaining !== undefined) this.#options.memory.explanations.await(board.line, record.eventId, explaining, explainer)
      this.#tellAll({ schema: SCHEMA, kind: 'verdict', line: board.line, record })
    }
    if (frame === undefined) return true
    const picture: LinePicture = { ...publication, frame, packet }
    board.newest = picture
    for (const client of this.#clients) client.offer(picture)
    this.#pump()
    this.#kept.offer(picture)
    return true
  }

  /** `false` as for `publish`, and for a fit that ends on a line that has left the page. */
  notice (line: string, notice: CaptureEvent | FitProgress | FitEnd): boolean {
    if (notice.kind === 'fit-ended' && notice.outcome === 'cancelled' && !this.#lines.has(line)) return false
    const board = this.#enter(line)
    if (board === undefined) return false
    this.#published.leave()
    this.#tellAll({ schema: SCHEMA, kind: 'notice', notice: board.noticed(notice) })
    return true
  }

  /** `false` as for `publish`. */
  explained (explanations: PartExplanations): boolean {
    const { line, eventId } = explanations
    if (this.#board(line) === undefined) return false
    this.#options.memory.explanations.keep(explanations)
    this.#tellAll({ schema: SCHEMA, kind: 'explained', line, eventId })
    return true
  }

  /** What other methods say of a part, and what may be asked of them. @throws GOODPARTS_STORE_FAILED */
  async explanations (line: string, eventId: string): Promise<LiveExplanations> {
    const offer = await this.#asked.offer(line, eventId)
    const said = this.#options.memory.explanations.of(line, eventId)
    const asked = [...this.#asked.of(line, eventId)]
    return { ...said, state: asked.length > 0 && said.methods.length === 0 ? 'explaining' : said.state, asked, offer }
  }

  /** As `AskedExplanations.ask`. */
  async explain (line: string, eventId: string, methods: readonly string[]): Promise<void> {
    await this.#asked.ask(line, eventId, methods)
  }

  join (socket: LiveSocket, role: LiveRole): LiveClient {
    const client = new LiveClient(socket, {
      role,
      framesPerSecond: this.#options.framesPerSecond,
      total: this.#browsers,
      texts: this.#texts,
      now: this.#now,
      onReady: () => { this.#pump() }
    })
    this.#clients.add(client)
    client.tell(this.#hello(role))
    for (const { newest } of this.#lines.values()) if (newest !== undefined) client.offer(newest)
    this.#pump()
    return client
  }

  asked (client: LiveClient, request: LiveRequest): void {
    if (request.kind === 'shown') client.shown(request.line, request.packet)
    else {
      const before = new Set([...this.#lines.keys()].filter((line) => client.watches(line)))
      client.watch(request.lines, request.framesPerSecond)
      // A line that rests would stay dark until its next part.
      for (const { line, newest } of this.#lines.values()) if (newest !== undefined && !before.has(line)) client.offer(newest)
      this.#pump()
    }
  }

  left (client: LiveClient): void {
    this.#clients.delete(client)
    client.closed()
  }

  /** To every browser; called once a second. */
  tellStatistics (): void {
    const at = new Date(this.#now()).toISOString()
    const lines = this.statistics()
    for (const client of this.#clients) client.catchUp(() => this.#hello(client.role))
    for (const client of this.#clients) client.tellStatistics({ schema: SCHEMA, kind: 'statistics', at, viewers: this.viewers, lines })
  }

  /** Says goodbye at once; resolves when the parts taken are stored. */
  async close (): Promise<void> {
    for (const client of this.#clients) client.disconnect('The live server stops')
    this.#clients.clear()
    for (const stop of this.#stopListening) stop()
    for (const ledger of [this.#published, this.#browsers, this.#texts]) ledger.close()
    await this.#words.close()
    await this.#kept.close()
  }

  #hello (role: LiveRole): LiveHello {
    // It tells one browser what stands now, which others may hear of only a moment later.
    this.#toldOfLearning.clear()
    const lines = [...this.#lines.values()].map((board) => this.#state(board))
    return { schema: SCHEMA, kind: 'hello', server: { id: this.id, version: this.#options.version }, role, framesPerSecond: this.#options.framesPerSecond, lines }
  }

  #dropped (line: string): void {
    this.#shown.forget(line)
    this.#toldOfLearning.delete(line)
    for (const client of this.#clients) client.forget(line)
    this.#tellAll({ schema: SCHEMA, kind: 'line-removed', line })
  }

  #enter (line: string): LineBoard | undefined {
    this.#published.enter()
    const board = this.#board(line)
    if (board === undefined) this.#published.drop('too-many-lines')
    return board
  }

  /** Lines come from messages: their number is bounded, so that a wrong name per part cannot fill the memory. */
  #board (line: string): LineBoard | undefined {
    const known = this.#lines.get(line)
    if (known !== undefined || this.#lines.size >= LINES) return known
    const board = new LineBoard(line, this.#now)
    this.#lines.set(line, board)
    this.#tellLine(board)
    Promise.all([this.#kept.restore(line), this.#words.restore(line)]).then((found) => { if (found.includes(true) && this.#lines.get(line) === board) this.#tellLine(board) }, () => {})
    return board
  }

  #tellLine (board: LineBoard): void {
    this.#toldOfLearning.delete(board.line)
    this.#tellAll({ schema: SCHEMA, kind: 'line', state: this.#state(board) })
  }

  #state (board: LineBoard): LineState {
    const { line } = board
    return board.state({ kept: this.#kept.entries(line), words: this.#words.of(line), learning: this.#options.learning.of(line)?.state ?? null })
  }

  #learningChanged (): void {
    if (this.#clients.size === 0) return
    for (const line of this.#lines.keys()) {
      const message: LiveMessage = { schema: SCHEMA, kind: 'learning', line, learning: this.#options.learning.of(line)?.state ?? null }
      const text = JSON.stringify(message)
      if (this.#toldOfLearning.get(line) === text) continue
      this.#toldOfLearning.set(line, text)
      this.#tellAll(message)
    }
  }

  #tellAll (message: LiveMessage): void {
    if (this.#clients.size === 0) return
    const text = JSON.stringify(message)
    for (const client of this.#clients) client.tell(message, text)
  }

  /** Encodes what browsers can take now; those that want the same picture share one encoding. */
  #pump (): void {
    const wanted = new Map<LinePicture, LiveClient[]>()
    for (const client of this.#clients) {
      for (const line of this.#lines.keys()) {
        const picture = client.take(line)
        if (picture !== undefined) wanted.set(picture, [...wanted.get(picture) ?? [], client])
      }
    }
    for (const [picture, clients] of wanted) {
      if (clients.some(({ role }) => role !== 'viewer')) this.#shown.remember(picture)
      this.#deliver(picture, clients)
    }
  }

  #deliver (picture: LinePicture, clients: LiveClient[]): void {
    this.#encoder.packet(picture).then((packet) => {
      for (const client of clients) client.deliver(packet)
    }, (error: unknown) => {
      for (const client of clients) client.abandon(picture, 'encode-failed')
      this.#options.onError(error)
    })
  }
}
