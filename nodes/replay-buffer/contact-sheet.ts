/** What the editor shows of a memory: its exemplars with why each is kept, and their pictures. */
import type { NodeAPI } from 'node-red'
import type { LineReplay } from '../../engine/continual/line-replay.ts'

/** Adds the routes once; the lines that run are found in the map by their node's id. */
export function addContactSheet (RED: NodeAPI): Map<string, LineReplay> {
  const lines = new Map<string, LineReplay>()
  const permitted = RED.auth.needsPermission('goodparts-replay-buffer.read')
  RED.httpAdmin.get('/goodparts/replay-buffer/:id/exemplars', permitted, (request, response) => {
    const line = lines.get(String(request.params['id']))
    if (line === undefined) response.sendStatus(404)
    else response.json({ ...line.state, last: line.state.last === null ? null : { accepted: line.state.last.accepted, gate: line.state.last.gate }, exemplars: line.state.last?.exemplars ?? [], relabel: line.state.last?.relabel ?? [] })
  })
  RED.httpAdmin.get('/goodparts/replay-buffer/:id/picture/:sha256', permitted, (request, response) => {
    const picture = lines.get(String(request.params['id']))?.picture(String(request.params['sha256'])) ?? null
    if (picture === null) response.sendStatus(404)
    else response.set('Cache-Control', 'private, max-age=86400').type('png').send(Buffer.from(picture))
  })
  return lines
}
