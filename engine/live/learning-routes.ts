/** What a line has learned, and what people may do about it: everybody looks, operators correct labels, engineers update. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LiveRole } from '../../schemas/learning.ts'
import { GoodpartsError } from '../errors.ts'
import type { AuditRecord } from '../store/audit-chain.ts'
import { keptPicture, readLiveBody, relabelPicture, removePicture, type Correcting } from './exemplar-corrections.ts'
import type { LearningLine, LearningLines } from './learning-line.ts'
import { sheetArchive } from './sheet-archive.ts'
import { sheetTable } from './sheet-table.ts'

export interface LearningRoutesContext {
  learning: LearningLines
  /** Answers for itself, and gives `undefined`, when the role is not enough. */
  allow: (request: FastifyRequest, reply: FastifyReply, least: LiveRole) => Promise<LiveRole | undefined>
}

interface OfLine { Params: { line: string } }
interface OfPicture { Params: { line: string, sha256: string } }

export function addLearningRoutes (app: FastifyInstance, { learning, allow }: LearningRoutesContext): void {
  const of = (line: string): LearningLine => {
    const found = learning.of(line)
    if (found === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the line ${line} to have a replay buffer, got none`, { fix: 'Choose the live page in a replay buffer node' })
    return found
  }
  /** In the audit log before it is done. */
  const entered = async (record: AuditRecord, change: () => Promise<void> | void): Promise<void> => {
    await (learning.audit === undefined ? change() : learning.audit.before(record, change))
  }
  const correcting = (line: string, role: LiveRole): Correcting => ({ line: () => of(line), entered: async (entry, change) => entered({ ...entry, who: `role:${role}`, line }, change) })

  app.get<OfLine>('/api/lines/:line/learning/exemplars', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    return await reply.header('Cache-Control', 'no-store').send(of(request.params.line).sheet())
  })

  app.get<OfLine>('/api/lines/:line/learning/exemplars.csv', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    const { line } = request.params
    return await reply.header('Cache-Control', 'no-store').type('text/csv; charset=utf-8').send(sheetTable(of(line).sheet(), ({ sha256 }) => `api/lines/${encodeURIComponent(line)}/learning/pictures/${sha256}`))
  })

  app.get<OfLine>('/api/lines/:line/learning/exemplars.tar', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    const learning = of(request.params.line)
    const archive = sheetArchive(learning.sheet(), async (sha256) => learning.picture(sha256), new Date())
    return await reply.header('Cache-Control', 'no-store').type('application/x-tar').send(Readable.from(archive, { objectMode: false }))
  })

  app.get<OfPicture>('/api/lines/:line/learning/pictures/:sha256', async (request, reply) => {
    if (await allow(request, reply, 'viewer') === undefined) return reply
    const picture = await keptPicture(of(request.params.line), request.params.sha256)
    return await reply.headers({ 'Cache-Control': 'private, max-age=86400, immutable', 'Content-Type': 'image/png' }).send(Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength))
  })

  app.put<OfPicture>('/api/lines/:line/learning/pictures/:sha256/label', async (request, reply) => {
    const role = await allow(request, reply, 'operator')
    if (role === undefined) return reply
    const { line, sha256 } = request.params
    await relabelPicture(correcting(line, role), sha256, request.body)
    return await reply.code(204).send()
  })

  app.delete<OfPicture>('/api/lines/:line/learning/pictures/:sha256', async (request, reply) => {
    const role = await allow(request, reply, 'operator')
    if (role === undefined) return reply
    const { line, sha256 } = request.params
    await removePicture(correcting(line, role), sha256)
    return await reply.code(204).send()
  })

  app.post<OfLine>('/api/lines/:line/learning/update', async (request, reply) => {
    const role = await allow(request, reply, 'engineer')
    if (role === undefined) return reply
    const { line } = request.params
    const { mode } = readLiveBody(request.body, 'update')
    await entered({ who: `role:${role}`, line, kind: 'update-asked', details: { mode, waiting: of(line).state.waiting } }, () => { of(line).update(mode) })
    return await reply.code(202).send()
  })

  app.delete<OfLine>('/api/lines/:line/learning/update', async (request, reply) => {
    const role = await allow(request, reply, 'engineer')
    if (role === undefined) return reply
    const { line } = request.params
    await entered({ who: `role:${role}`, line, kind: 'update-cancelled', details: {} }, async () => of(line).cancel())
    return await reply.code(204).send()
  })

  app.post<OfLine>('/api/lines/:line/learning/rollback', async (request, reply) => {
    const role = await allow(request, reply, 'engineer')
    if (role === undefined) return reply
    const { line } = request.params
    const who = `role:${role}`
    // The update that runs may come into use before it is ended, and then it is the one that is taken back.
    if (of(line).state.updating !== null) await entered({ who, line, kind: 'update-cancelled', details: {} }, async () => of(line).cancel())
    const to = of(line).state.last?.parent ?? null
    await entered({ who, line, kind: 'bundle-rolled-back', details: { to } }, async () => of(line).rollBack(to))
    return await reply.code(204).send()
  })
}
