/** What other methods say of a part, and asking for more: for everybody who may see the page. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LiveRole } from '../../schemas/learning.ts'
import { GoodpartsError } from '../errors.ts'
import { validate } from '../schema-validation.ts'
import type { LiveHub } from './hub.ts'

export interface ExplanationRoutesContext {
  hub: LiveHub
  /** Answers for itself, and gives `undefined`, when the role is not enough. */
  allow: (request: FastifyRequest, reply: FastifyReply, least: LiveRole) => Promise<LiveRole | undefined>
}

interface Part { Params: { line: string, eventId: string } }

export function addExplanationRoutes (app: FastifyInstance, { hub, allow }: ExplanationRoutesContext): void {
  app.get<Part>('/api/lines/:line/explanations/:eventId', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    return await reply.header('Cache-Control', 'no-store').send(await hub.explanations(request.params.line, request.params.eventId))
  })

  app.post<Part>('/api/lines/:line/explanations/:eventId', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    const asked = validate('live', request.body)
    if (asked.kind !== 'explain') throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected the body to be of kind explain, got ${asked.kind}`)
    await hub.explain(request.params.line, request.params.eventId, asked.methods)
    return await reply.code(202).send()
  })
}
