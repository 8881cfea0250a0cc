/** What the editor asks of a replay buffer that is deployed. */
import type { EditorRED } from 'node-red'
import type { LearningSheet } from '../../../schemas/learning.ts'

declare const RED: EditorRED

export interface Said { product: string, label: string }

/** Each promise rejects with `Refused`, or where Node-RED does not answer with the browser's own error. */
export interface SheetRequests {
  /** The editor's user may change what it shows. */
  mayCorrect: () => boolean
  sheet: () => Promise<LearningSheet>
  table: () => Promise<Blob>
  archive: () => Promise<Blob>
  picture: (sha256: string) => Promise<Blob>
  relabel: (sha256: string, said: Said) => Promise<void>
  remove: (sha256: string) => Promise<void>
}

/** The server's own words; empty where it has none, as Node-RED's for a user who may not. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly code: string | null
  readonly fix: string | null

  constructor (status: number, { code = null, message = '', fix = null }: { code?: string | null, message?: string, fix?: string | null }) {
    super(message)
    this.status = status
    this.code = code
    this.fix = fix
  }
}

/** @param id Of the node. */
export function sheetRequests (id: string): SheetRequests {
  const ask = async (path: string, options: { method?: string, body?: object } = {}): Promise<Response> => {
    const { method = 'GET', body } = options
    // As the editor's own requests do; an image's address could not carry it.
    const login = RED.settings.get<{ access_token: string } | null>('auth-tokens', null)
    const answer = await fetch(`goodparts/replay-buffer/${encodeURIComponent(id)}/${path}`, {
      method,
      headers: { ...login === null ? {} : { Authorization: `Bearer ${login.access_token}` }, ...body === undefined ? {} : { 'Content-Type': 'application/json' } },
      ...body === undefined ? {} : { body: JSON.stringify(body) }
    })
    if (answer.ok) return answer
    throw new Refused(answer.status, await answer.json().catch(() => ({})) as object)
  }
  return {
    mayCorrect: () => RED.user.hasPermission('goodparts-replay-buffer.write'),
    sheet: async () => await (await ask('exemplars')).json() as LearningSheet,
    table: async () => (await ask('exemplars.csv')).blob(),
    archive: async () => (await ask('exemplars.tar')).blob(),
    picture: async (sha256) => (await ask(`picture/${sha256}`)).blob(),
    relabel: async (sha256, said) => { await ask(`picture/${sha256}/label`, { method: 'PUT', body: { schema: 'goodparts.live/1', kind: 'relabel', ...said } }) },
    remove: async (sha256) => { await ask(`picture/${sha256}`, { method: 'DELETE' }) }
  }
}
