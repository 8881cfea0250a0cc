/** The HTTP and websocket routes of the live server. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from '@fastify/websocket'
import type { LiveRequest, LiveRole } from '../../schemas/live.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import { validate } from '../schema-validation.ts'
import { isAtLeast, isFromElsewhere, mayAnswer, roleOf, type LiveTokens } from './access.ts'
import { errorAnswer } from './error-answer.ts'
import { addExplanationRoutes } from './explanation-routes.ts'
import type { LiveHub } from './hub.ts'
import type { LearningLines } from './learning-line.ts'
import { addLearningRoutes } from './learning-routes.ts'
import type { LiveMetrics } from './metrics.ts'
import { addPartRoutes } from './part-routes.ts'
import type { Tickets } from './tickets.ts'
import type { TokenGuesses } from './token-guesses.ts'

export interface RouteContext {
  hub: LiveHub
  metrics: LiveMetrics
  tickets: Tickets
  guesses: TokenGuesses
  learning: LearningLines
  tokens: LiveTokens
  host: string
}

const POLICY = "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"

/** Requires a token where one is set; answers 401 without, and 421 to names that are not this machine's. */
export function guard (app: FastifyInstance, context: RouteContext): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' })
    if (!mayAnswer(request.headers.host, context.tokens, context.host)) {
      await refuse(reply, 421, `Expected the host of the address to be this machine, got ${request.headers.host ?? 'none'}`, 'Open the page as localhost, or set a token')
    } else if (isFromElsewhere(request)) {
      await refuse(reply, 403, 'Expected the live page itself to ask for this, got another site', 'Open the live page and do it there')
    } else if (request.headers.authorization !== undefined) {
      if (context.guesses.isBlocked(request.ip)) await refuse(reply.header('Retry-After', '1'), 429, 'Expected at most ten wrong tokens a second, got more', 'Wait a second')
      else if (roleFor(request, context) === undefined) context.guesses.wrong(request.ip)
    }
  })
  app.setErrorHandler(async (error: { statusCode?: number }, _request, reply) => {
    const { status, body } = errorAnswer(error)
    await reply.code(error.statusCode ?? status).send(body)
  })
}

export function addRoutes (app: FastifyInstance, context: RouteContext): void {
  const { hub, metrics, tickets } = context
  const authorised = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (roleFor(request, context) === undefined) await refuseToken(request, reply)
  }

  app.get('/health', () => ({ status: 'ok', lines: hub.statistics().length, viewers: hub.viewers }))

  app.get('/metrics', { onRequest: authorised }, async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })

  app.post('/api/tickets', async (request, reply) => {
    const role = roleFor(request, context)
    if (role === undefined) return refuseToken(request, reply)
    return reply.header('Cache-Control', 'no-store').send(tickets.issue(role))
  })

  app.get<{ Params: { line: string } }>('/api/lines/:line/rejects', { onRequest: authorised }, (request) => {
    const { line } = request.params
    if (!hub.knows(line)) throw unknown(line)
    return hub.rejects(line)
  })

  app.get<{ Params: { line: string }, Querystring: { before?: string } }>('/api/lines/:line/history', { onRequest: authorised }, async (request) => {
    const { params: { line }, query: { before } } = request
    if (before !== undefined && !/^\d{1,15}$/.test(before)) throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected before to be the position of an inspection, got ${JSON.stringify(before.slice(0, 80))}`, { fix: 'Take the position of the last one of the page before, or leave it out.' })
    const page = await hub.history(line, before === undefined ? undefined : Number(before))
    if (page.length === 0 && before === undefined && !hub.knows(line)) throw unknown(line)
    return page
  })

  app.get<{ Params: { sha256: string } }>('/api/packets/:sha256', { onRequest: authorised }, async (request, reply) => {
    const packet = await hub.packet(request.params.sha256)
    if (packet === undefined) return refuse(reply, 404, `Expected ${request.params.sha256} to be a picture that is kept, got none`, 'Older rejects make room for newer ones')
    return reply.headers({ 'Cache-Control': 'private, max-age=31536000, immutable', 'Content-Type': 'application/octet-stream' }).send(Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength))
  })

  const allow = async (request: FastifyRequest, reply: FastifyReply, least: LiveRole): Promise<LiveRole | undefined> => {
    const role = roleFor(request, context)
    if (role === undefined) await refuseToken(request, reply)
    else if (!isAtLeast(role, least)) await refuse(reply, 403, `Expected the role to be ${least}, got ${role}`, `Use the ${least}'s token`)
    else return role
    return undefined
  }
  addPartRoutes(app, { hub, allow })
  addExplanationRoutes(app, { hub, allow })
  addLearningRoutes(app, { learning: context.learning, allow })

  app.get<{ Querystring: { ticket?: string } }>('/ws', {
    websocket: true,
    preValidation: async (request, reply) => {
      const role = tickets.redeem(request.query.ticket ?? '')
      if (role === undefined) await refuse(reply, 401, 'Expected a ticket that is fresh and unused, got none or an old one', 'Get one with POST /api/tickets')
      else roles.set(request, role)
    }
  }, (socket, request) => {
    attach(hub, socket, roles.get(request) ?? 'viewer')
  })
}

function unknown (line: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_PART_GONE', `Expected ${JSON.stringify(line.slice(0, 80))} to be a line of the live page, got none of that name`, { fix: 'Take the name that stands on its card at the live page.' })
}

const roles = new WeakMap<FastifyRequest, LiveRole>()

/** Pings find browsers that vanished without a word. */
const PING_MS = 10_000

function attach (hub: LiveHub, socket: WebSocket, role: LiveRole): void {
  const client = hub.join(socket, role)
  let heard = true
  const pinging = setInterval(() => {
    if (!heard) socket.terminate()
    heard = false
    socket.ping()
  }, PING_MS)
  pinging.unref()
  socket.on('pong', () => { heard = true })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    heard = true
    try {
      if (isBinary) throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', 'Expected a browser to send text, got a binary message')
      hub.asked(client, readRequest(data.toString('utf8')))
    } catch (error) {
      socket.close(1008, asGoodpartsError(error, 'GOODPARTS_SCHEMA_INVALID').message.slice(0, 120))
    }
  })
  socket.on('error', () => { socket.terminate() })
  socket.on('close', () => {
    clearInterval(pinging)
    hub.left(client)
  })
}

function readRequest (text: string): LiveRequest {
  const message = validate('live', JSON.parse(text) as unknown)
  if (message.kind === 'watch' || message.kind === 'shown') return message
  throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected a browser to send watch or shown, got ${message.kind}`)
}

function roleFor (request: FastifyRequest, { tokens, host }: RouteContext): LiveRole | undefined {
  return roleOf(request.headers.authorization, tokens, host)
}

async function refuseToken (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const given = request.headers.authorization === undefined ? 'none' : 'another'
  return refuse(reply.header('WWW-Authenticate', 'Bearer'), 401, `Expected the token of this live server, got ${given}`, 'The token is set in the live server of the flow')
}

async function refuse (reply: FastifyReply, status: number, message: string, fix: string): Promise<FastifyReply> {
  return reply.code(status).send({ code: status === 404 ? 'GOODPARTS_PART_GONE' : 'GOODPARTS_FORBIDDEN', message, fix })
}
