/** Brings what lines publish to the browsers that watch: pictures newest first and only when wanted, records always. */
import { randomUUID } from 'node:crypto'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { FitProgress, LineStatistics, LiveMessage, LiveRequest, LiveRole, RejectEntry } from '../../schemas/live.ts'
import { Ledger } from '../frame/ledger.ts'
import { LiveClient, type LiveSocket } from './client.ts'
import { LineBoard } from './line-board.ts'
import { PacketEncoder } from './packet-encoder.ts'
import type { LinePicture, LivePublication } from './publication.ts'
import { RejectGallery, type GalleryBounds } from './reject-gallery.ts'

const SCHEMA = 'goodparts.live/1'
const LINES = 64
const KEEPING = 8

export interface HubOptions {
  version: string
  /** Most frames per second that one browser gets of one line. */
  framesPerSecond: number
  jpegQuality: number
  gallery: GalleryBounds
  now?: () => number
  /** Background trouble, for example a picture that could not be encoded. */
  onError: (error: unknown) => void
}

export class LiveHub {
  readonly id = randomUUID()
  readonly #options: HubOptions
  readonly #now: () => number
  readonly #encoder: PacketEncoder
  readonly #gallery: RejectGallery
  readonly #lines = new Map<string, LineBoard>()
  readonly #clients = new Set<LiveClient>()
  readonly #browsers = new Ledger('live/browsers')
  readonly #rejects = new Ledger('live/rejects')
  readonly #keeping = new Map<string, number>()

  constructor (options: HubOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#encoder = new PacketEncoder(options.jpegQuality)
    this.#gallery = new RejectGallery(options.gallery)
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

  rejects (line: string): RejectEntry[] {
    return this.#gallery.entries(line)
  }

  packet (sha256: string): Buffer | undefined {
    return this.#gallery.packet(sha256)
  }

  /** Never throws and never waits: the caller is the line. */
  publish (publication: LivePublication): void {
    const board = this.#board(publication.line)
    if (board === undefined) return
    const { frame, record } = publication
    if (record === undefined && board.isJudging()) return
    const packet = board.arrived()
    if (record !== undefined) {
      board.judged(record)
      this.#tellAll({ schema: SCHEMA, kind: 'verdict', line: board.line, record })
    }
    if (frame === undefined) return
    const picture: LinePicture = { ...publication, frame, packet }
    board.newest = picture
    for (const client of this.#clients) client.offer(picture)
    this.#pump()
    if (record?.verdict === 'reject') this.#keep(picture)
  }

  notice (line: string, notice: CaptureEvent | FitProgress): void {
    const board = this.#board(line)
    if (board !== undefined) this.#tellAll({ schema: SCHEMA, kind: 'notice', notice: board.noticed(notice) })
  }

  removeLine (line: string): void {
    if (!this.#lines.delete(line)) return
    this.#gallery.forget(line)
    this.#tellAll({ schema: SCHEMA, kind: 'line-removed', line })
  }

  join (socket: LiveSocket, role: LiveRole): LiveClient {
    const client = new LiveClient(socket, {
      role,
      framesPerSecond: this.#options.framesPerSecond,
      total: this.#browsers,
      now: this.#now,
      onReady: () => { this.#pump() }
    })
    this.#clients.add(client)
    const lines = [...this.#lines.values()]
    client.tell({
      schema: SCHEMA,
      kind: 'hello',
      server: { id: this.id, version: this.#options.version },
      role,
      framesPerSecond: this.#options.framesPerSecond,
      lines: lines.map((board) => board.state(this.#gallery.entries(board.line)))
    })
    for (const { newest } of lines) if (newest !== undefined) client.offer(newest)
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
    for (const client of this.#clients) client.tellStatistics({ schema: SCHEMA, kind: 'statistics', at, viewers: this.viewers, lines })
  }

  close (): void {
    for (const client of this.#clients) client.disconnect('The live server stops')
    this.#clients.clear()
    this.#browsers.close()
    this.#rejects.close()
  }

  /** Lines come from messages: their number is bounded, so that a wrong name per part cannot fill the memory. */
  #board (line: string): LineBoard | undefined {
    const known = this.#lines.get(line)
    if (known !== undefined || this.#lines.size >= LINES) return known
    const board = new LineBoard(line, this.#now)
    this.#lines.set(line, board)
    this.#tellAll({ schema: SCHEMA, kind: 'line', state: board.state([]) })
    return board
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
    for (const [picture, clients] of wanted) this.#deliver(picture, clients)
  }

  #deliver (picture: LinePicture, clients: LiveClient[]): void {
    this.#encoder.packet(picture).then((packet) => {
      for (const client of clients) client.deliver(packet)
    }, (error: unknown) => {
      for (const client of clients) client.abandon(picture, 'encode-failed')
      this.#options.onError(error)
    })
  }

  /** A few rejects per line are encoded at a time: a line of nothing but rejects must not fill the encoder. */
  #keep (picture: LinePicture): void {
    this.#rejects.enter()
    const busy = this.#keeping.get(picture.line) ?? 0
    if (busy >= KEEPING) {
      this.#rejects.drop('busy')
      return
    }
    this.#keeping.set(picture.line, busy + 1)
    this.#encoder.packet(picture).then((packet) => {
      this.#rejects.leave()
      if (picture.record === undefined || !this.#lines.has(picture.line)) return
      this.#tellAll({ schema: SCHEMA, kind: 'reject', entry: this.#gallery.keep(picture.line, picture.record, packet) })
    }, (error: unknown) => {
      this.#rejects.drop('encode-failed')
      this.#options.onError(error)
    }).finally(() => this.#keeping.set(picture.line, (this.#keeping.get(picture.line) ?? 1) - 1))
  }
}
