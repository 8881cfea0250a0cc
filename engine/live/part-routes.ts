/** The routes by which people say what a part is: for operators and engineers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LiveRole } from '../../schemas/learning.ts'
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
    const said = validate('live', request.body)
    if (said.kind !== 'say') throw new GoodpartsError('GOODPARTS_SCHEMA_INVALID', `Expected the body to be of kind say, got ${said.kind}`)
    return await hub.say(request.params.line, request.params.eventId, said.label, role)
  })

  app.delete<Part>('/api/lines/:line/parts/:eventId/word', async (request, reply) => {
    const role = await allow(request, reply, 'operator')
    if (role === undefined) return reply
    await hub.withdraw(request.params.line, request.params.eventId, role)
    return await reply.code(204).send()
  })
}
