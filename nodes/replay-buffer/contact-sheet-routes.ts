/** A contact sheet in the editor: shown and taken along by who may read, corrected by who may write, with the live page's own rules and audit entries. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Node, NodeAPI } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import { isFromElsewhere } from '../../engine/live/access.ts'
import { errorAnswer } from '../../engine/live/error-answer.ts'
import { keptPicture, relabelPicture, removePicture, type Correcting } from '../../engine/live/exemplar-corrections.ts'
import type { LearningLine } from '../../engine/live/learning-line.ts'
import { sheetArchive } from '../../engine/live/sheet-archive.ts'
import { sheetTable } from '../../engine/live/sheet-table.ts'
import type { AuditTrail } from '../shared/audit-trail.ts'
import { begin } from '../shared/line-closing.ts'

/** A replay buffer that runs. */
export interface EditedLine {
  node: Node
  learning: LearningLine
  trail: AuditTrail
}

type Handler = ReturnType<NodeAPI['auth']['needsPermission']>
type Request = Parameters<Handler>[0]
type Response = Parameters<Handler>[1]

const type = 'goodparts-replay-buffer'
const root = '/goodparts/replay-buffer/:id'

/** Adds the routes once; the lines that run are found in the map by their node's id. */
export function addContactSheetRoutes (RED: NodeAPI): Map<string, EditedLine> {
  const lines = new Map<string, EditedLine>()
  const of = (request: Request): EditedLine => {
    const id = parameter(request, 'id')
    const found = lines.get(id)
    if (found !== undefined) return found
    // Of a node that is not there Node-RED says null, whatever its types say.
    const node = RED.nodes.getNode(id) as Node | null | undefined
    if (node?.type === type) throw new GoodpartsError('GOODPARTS_CLOSED', 'Expected the replay buffer to run, got one whose form or model keeps it from that', { fix: 'Put right what its status and the debug sidebar say, and deploy' })
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${JSON.stringify(id.slice(0, 80))} to be a replay buffer that is deployed and enabled, got none`, { fix: 'Deploy the flow' })
  }
  /** Of a line that closes meanwhile, too: it waits for what is being changed. */
  const correct = (work: (correcting: Correcting, sha256: string, body: unknown) => Promise<void>): Handler => answered(async (request, response) => {
    const { node, learning, trail } = of(request)
    const entered: Correcting['entered'] = async (entry, change) => trail.before({ ...entry, who: whoOf(request) }, change)
    const done = work({ line: () => learning, entered }, parameter(request, 'sha256'), request.body)
    begin(node, done.catch(() => {}))
    await done
    response.sendStatus(204)
  })
  const reading = RED.auth.needsPermission(`${type}.read`)
  const writing = RED.auth.needsPermission(`${type}.write`)

  RED.httpAdmin.get(`${root}/exemplars`, reading, answered((request, response) => {
    response.set('Cache-Control', 'no-store').json(of(request).learning.sheet())
  }))

  RED.httpAdmin.get(`${root}/exemplars.csv`, reading, answered((request, response) => {
    const table = sheetTable(of(request).learning.sheet(), ({ sha256 }) => `goodparts/replay-buffer/${encodeURIComponent(parameter(request, 'id'))}/picture/${sha256}`)
    response.set('Cache-Control', 'no-store').type('text/csv; charset=utf-8').send(table)
  }))

  RED.httpAdmin.get(`${root}/exemplars.tar`, reading, answered(async (request, response) => {
    const { learning } = of(request)
    const archive = sheetArchive(learning.sheet(), async (sha256) => learning.picture(sha256), new Date())
    await pipeline(Readable.from(archive, { objectMode: false }), response.set('Cache-Control', 'no-store').type('application/x-tar'))
  }))

  RED.httpAdmin.get(`${root}/picture/:sha256`, reading, answered(async (request, response) => {
    const picture = await keptPicture(of(request).learning, parameter(request, 'sha256'))
    response.set('Cache-Control', 'private, max-age=86400').type('png').send(Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength))
  }))

  RED.httpAdmin.put(`${root}/picture/:sha256/label`, fromEditor, writing, correct(relabelPicture))
  RED.httpAdmin.delete(`${root}/picture/:sha256`, fromEditor, writing, correct(removePicture))
  return lines
}

function parameter (request: Request, name: string): string {
  return String(request.params[name])
}

/** Where Node-RED asks nobody to log in, nobody has a name. */
function whoOf (request: Request): string {
  const { user } = request as Request & { user?: { username?: string } }
  return user?.username === undefined || user.username === '' ? 'editor' : `editor:${user.username}`
}

const fromEditor: Handler = (request, response, next) => {
  if (!isFromElsewhere(request)) next()
  else tell(response, new GoodpartsError('GOODPARTS_FORBIDDEN', 'Expected the editor itself to ask for this, got another site', { fix: 'Open the editor and do it there' }))
}

/** What `answer` throws is told as the live page tells it. */
function answered (answer: (request: Request, response: Response) => Promise<void> | void): Handler {
  return (request, response) => {
    (async () => { await answer(request, response) })().catch((error: unknown) => { tell(response, error) })
  }
}

function tell (response: Response, error: unknown): void {
  const { status, body } = errorAnswer(error)
  // An archive that breaks off must not look whole.
  if (response.headersSent) response.destroy()
  else response.status(status).json(body)
}
