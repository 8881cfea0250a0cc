/** The routes by which people say what a part is: for operators and engineers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LiveRole } from '../../schemas/learning.ts'
import type { LiveSay, LiveWithdrawn } from '../../schemas/live.ts'
import { validate } from '../schema-validation.ts'
import { GoodpartsError } from '../errors.ts'
import type { LiveHub } from './hub.ts'

export interface PartRoutesContext {
  hub: LiveHub
  /** Answers for itself, and gives `undefined`, when the role is not enough. */
  allow: (request: FastifyRequest, reply: FastifyReply, least: LiveRole) => Promise<LiveRole | undefined>
}

interface Part { Params: { line: string, eventId: string } }

export function addPartRoutes (app: FastifyInstance, { hub, allow }: PartRoutesContext): void {
  app.post<Part>('/api/lines/:line/parts/:eventId/hold', async (request, reply) => {
    if (await allow(request, reply, 'operator') === undefined) return reply
    return await hub.hold(request.params.line, request.params.eventId)
  })

  app.put<Part>('/api/lines/:line/parts/:eventId/word', async (request, reply) => {
    const role = await allow(request, reply, 'operator')
    if (role === undefined) return reply
    return await hub.say(request.params.line, request.params.eventId, readSay(request.body).label, role)
  })

  app.delete<Part>('/api/lines/:line/parts/:eventId/word', async (request, reply) => {
    const role = await allow(request, reply, 'operator')
    if (role === undefined) return reply
    const learned = await hub.withdraw(request.params.line, request.params.eventId, role)
    return { schema: 'goodparts.live/1', kind: 'withdrawn', learned } satisfies LiveWithdrawn
  })
}

/** Without the kind, the schema of all messages could only guess which of them was meant. @throws GOODPARTS_SCHEMA_INVALID */
function readSay (body: unknown): LiveSay {
  const { kind } = (body ?? {}) as { kind?: unknown }
  if (kind === 'say') return validate('live', body) as LiveSay
  throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected the body to have kind: "say", got ${kind === undefined ? 'none' : `kind: ${JSON.stringify(kind).slice(0, 80)}`}`, { fix: 'Send {"schema":"goodparts.live/1","kind":"say","label":"good"}, with the defect in place of good where it has one' })
}
