/** The live server: the page, its websocket, pictures of rejects, `/health` and `/metrics`, on a port of its own. */
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import fastify, { type FastifyInstance } from 'fastify'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { FitEnd, FitProgress, LineStatistics } from '../../schemas/live.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { packageVersion } from '../package-version.ts'
import { History, type HistoryConfiguration } from '../store/history.ts'
import { assertMayListen, isLoopback, type LiveTokens } from './access.ts'
import { LiveHub } from './hub.ts'
import { LearningLines } from './learning-line.ts'
import { LiveMetrics } from './metrics.ts'
import { PageMemory } from './page-memory.ts'
import type { SaidOfPart, WordOrigin } from './part-words.ts'
import type { LivePublication, PartExplanations } from './publication.ts'
import { addRoutes, guard } from './routes.ts'
import { Tickets } from './tickets.ts'
import { TokenGuesses } from './token-guesses.ts'

export interface LiveServerOptions {
  /** Default `127.0.0.1`. Any address that others can reach needs a token or TLS. */
  host?: string
  /** Default 8765; 0 = any free one. */
  port?: number
  tokens?: LiveTokens
  /** Key and certificate, as `https.createServer` takes them. */
  tls?: SecureContextOptions
  /** Most frames per second that one browser gets of one line; default 12. */
  framesPerSecond?: number
  /** 1 to 100, default 80. */
  jpegQuality?: number
  /** What the page shows of its lines, to go on with after another server; default: nothing yet, and every line that speaks. */
  memory?: PageMemory
  /** Keeps rejects, reviews and what people say on disk, over a restart; default: in memory only. */
  history?: HistoryConfiguration
  /** Replay buffers, which may come and go; default none. */
  learning?: LearningLines
  /** Somebody has said what a part is; told after it is on the disk. */
  onSaid?: (said: SaidOfPart) => void
  /** Folder of the built page; default the package's own. */
  pageFolder?: string
  /** Trouble in the background; default: ignored, it is counted at `/metrics`. */
  onError?: (error: GoodpartsError) => void
  now?: () => number
}

const STATISTICS_MS = 1000

export class LiveServer {
  readonly #options: LiveServerOptions
  readonly #host: string
  readonly #hub: LiveHub
  readonly #metrics: LiveMetrics
  readonly #learning: LearningLines
  readonly #memory: PageMemory
  readonly #stopListening: () => void
  #app: FastifyInstance | undefined
  #timer: NodeJS.Timeout | undefined

  /** @throws GOODPARTS_FORBIDDEN when others could reach it and neither a token nor TLS is set. */
  constructor (options: LiveServerOptions = {}) {
    this.#options = options
    this.#host = options.host ?? '127.0.0.1'
    assertMayListen(this.#host, options.tokens ?? {}, options.tls !== undefined)
    this.#learning = options.learning ?? new LearningLines()
    this.#memory = options.memory ?? new PageMemory()
    this.#hub = new LiveHub({
      version: packageVersion(),
      framesPerSecond: options.framesPerSecond ?? 12,
      jpegQuality: options.jpegQuality ?? 80,
      memory: this.#memory,
      learning: this.#learning,
      onSaid: (said) => { options.onSaid?.(said) },
      onError: (error) => { options.onError?.(asGoodpartsError(error, 'GOODPARTS_LIVE_FAILED')) },
      ...(options.history === undefined ? {} : { history: new History(options.history) }),
      ...(options.now === undefined ? {} : { now: options.now })
    })
    this.#metrics = new LiveMetrics(this.#hub)
    this.#stopListening = this.#memory.listen({ dropped: (line) => { this.#metrics.forget(line) }, settled: () => {} })
  }

  /** Browsers connected now. */
  get viewers (): number {
    return this.#hub.viewers
  }

  /** Address of the page; `undefined` while it does not listen. */
  get url (): string | undefined {
    const address = this.#app?.server.address() as AddressInfo | null | undefined
    if (address === null || address === undefined) return undefined
    const name = isLoopback(this.#host) ? 'localhost' : this.#host.includes(':') ? `[${this.#host}]` : this.#host
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${name}:${address.port}/`
  }

  /** Once only; after a failure another server is needed. @throws GOODPARTS_LIVE_FAILED, retriable, when the port is taken or the address is not this machine's. */
  async start (): Promise<{ url: string, port: number }> {
    const { tls, port = 8765 } = this.#options
    const app = (tls === undefined ? fastify(settings) : fastify({ ...settings, https: tls })) as FastifyInstance
    try {
      await this.#prepare(app)
      await app.listen({ host: this.#host, port })
    } catch (error) {
      await app.close()
      await this.stop()
      throw listenError(error, this.#host, port)
    }
    this.#app = app
    this.#hub.restore()
    this.#timer = setInterval(() => { this.#hub.tellStatistics() }, STATISTICS_MS).unref()
    return { url: this.url ?? '', port: (app.server.address() as AddressInfo).port }
  }

  /** Says goodbye to the browsers, which then try again until a server is back. Resolves when rejects on their way are stored. */
  async stop (): Promise<void> {
    clearInterval(this.#timer)
    this.#stopListening()
    const stored = this.#hub.close()
    this.#metrics.close()
    await this.#app?.close()
    this.#app = undefined
    await stored
  }

  /** Never throws and never waits: it is called for every part. `false` when there are too many lines already for this one. */
  publish (publication: LivePublication): boolean {
    const isKnown = this.#hub.publish(publication)
    if (isKnown && publication.record !== undefined) this.#metrics.judged(publication.line, publication.record)
    return isKnown
  }

  /** What other methods say of a part. `false` as for `publish`. */
  explained (explanations: PartExplanations): boolean {
    return this.#hub.explained(explanations)
  }

  /** What another system says of a part that the page lists, as if an operator had said it there. @throws as `PartWords.say` */
  async say (line: string, eventId: string, label: string, origin: WordOrigin): Promise<void> {
    await this.#hub.say(line, eventId, label, 'operator', origin)
  }

  /** Shown as the line's notice: a fit on its way or failed, a camera that stalls. `false` as for `publish`, and for a fit that is cancelled on a line that has left the page. */
  notice (line: string, notice: CaptureEvent | FitProgress | FitEnd): boolean {
    return this.#hub.notice(line, notice)
  }

  statistics (): LineStatistics[] {
    return this.#hub.statistics()
  }

  async #prepare (app: FastifyInstance): Promise<void> {
    const context = { hub: this.#hub, metrics: this.#metrics, tickets: new Tickets(this.#options.now), guesses: new TokenGuesses(this.#options.now), learning: this.#learning, tokens: this.#options.tokens ?? {}, host: this.#host }
    // First, so that it learns of every upgrade: it destroys the sockets of those that a later hook refuses.
    await app.register((await import('@fastify/websocket')).default, { options: { maxPayload: 64 << 10 } })
    guard(app, context)
    await app.register((routes, _options, done) => {
      addRoutes(routes, context)
      done()
    })
    const root = this.#options.pageFolder ?? pageFolder()
    if (existsSync(root)) await app.register((await import('@fastify/static')).default, { root, cacheControl: true, maxAge: 0 })
    else app.get('/', (_request, reply) => reply.code(503).type('text/plain').send('The live page is not built: npm run build\n'))
  }
}

const settings = { forceCloseConnections: true, bodyLimit: 64 << 10, logger: false } as const

/** `dist/viewer`, from a checkout and from `dist/engine/live`. */
function pageFolder (): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/viewer/' : '../../viewer/', import.meta.url))
}

function listenError (error: unknown, host: string, port: number): GoodpartsError {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE') {
    return new GoodpartsError('GOODPARTS_LIVE_FAILED', `Expected port ${port} of ${host} to be free, got a port in use`, { cause: error, fix: 'Choose another port, or stop the other program' })
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new GoodpartsError('GOODPARTS_LIVE_FAILED', `Expected ${host} to be an address of this machine, got one that is not`, { cause: error, fix: 'Use 127.0.0.1 for this machine only, 0.0.0.0 for every address' })
  }
  return asGoodpartsError(error, 'GOODPARTS_LIVE_FAILED')
}
