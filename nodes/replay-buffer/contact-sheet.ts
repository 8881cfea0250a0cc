/** What the editor and the live page show of a memory: its exemplars with why each is kept, and their pictures. */
import type { NodeAPI } from 'node-red'
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { LearningLine } from '../../engine/live/learning-line.ts'
import type { LearningSheet } from '../../schemas/learning.ts'

/** What a person has answered since the last update no longer asks to be looked at. */
export function sheetOf (line: LineReplay, state: LearningLine['state']): LearningSheet {
  const { last } = line.state
  const waiting = new Map(line.waiting.map((picture) => [picture.sha256, picture]))
  return {
    schema: 'goodparts.learning/1',
    state,
    relabel: (last?.relabel ?? []).filter(({ sha256, place }) => place === 'memory' ? !waiting.has(sha256) : waiting.get(sha256)?.confirmed === false),
    memory: (last?.exemplars ?? []).map(({ reason, ...exemplar }) => ({ ...exemplar, place: 'memory', text: reason })),
    waiting: [...waiting.values()].reverse().map(({ sha256, product, label, by }) => ({ sha256, label: `${product}/${label}`, place: 'inbox', text: `by ${by === 'person' ? 'a person' : 'the line'}`, snnl: null }))
  }
}

/** Adds the routes once; the lines that run are found in the map by their node's id. */
export function addContactSheet (RED: NodeAPI): Map<string, LearningLine> {
  const lines = new Map<string, LearningLine>()
  const permitted = RED.auth.needsPermission('goodparts-replay-buffer.read')
  RED.httpAdmin.get('/goodparts/replay-buffer/:id/exemplars', permitted, (request, response) => {
    const line = lines.get(String(request.params['id']))
    if (line === undefined) response.sendStatus(404)
    else response.json(line.sheet())
  })
  RED.httpAdmin.get('/goodparts/replay-buffer/:id/picture/:sha256', permitted, (request, response) => {
    const answer = async (): Promise<void> => {
      const picture = await lines.get(String(request.params['id']))?.picture(String(request.params['sha256'])) ?? null
      if (picture === null) response.sendStatus(404)
      else response.set('Cache-Control', 'private, max-age=86400').type('png').send(Buffer.from(picture))
    }
    answer().catch(() => { response.sendStatus(500) })
  })
  return lines
}
