/** The form of a live server, checked. */
import { resolve } from 'node:path'
import type { LiveServerOptions } from '../../engine/live/server.ts'
import { readAll } from '../../engine/read-all.ts'
import { readText, readWhole } from '../shared/form-values.ts'

/** All values arrive as text. */
export interface LiveServerForm {
  host: string
  port: string | number
  framesPerSecond: string | number
  jpegQuality: string | number
  /** Absolute, or within Node-RED's user directory; blank: rejects in memory only. Flows of before have none of these three. */
  historyFolder?: string
  historyInspections?: string | number
  /** MB of pictures. */
  historySize?: string | number
}

export interface LiveServerCredentials {
  viewerToken?: string
  operatorToken?: string
  engineerToken?: string
}

/** `id` names the history's file, `userDir` is Node-RED's. @throws GOODPARTS_ARGUMENT */
export function readLiveServerForm (form: LiveServerForm, { id, userDir, credentials = {} }: { id: string, userDir: string, credentials?: LiveServerCredentials | undefined }): LiveServerOptions {
  const { viewerToken, operatorToken, engineerToken } = credentials
  const { historyFolder = 'goodparts/history', historyInspections = 10_000, historySize = 512 } = form
  const { host, folder, maximumInspections, megabytes, ...read } = readAll({
    host: () => readText('the live server’s host', form.host),
    port: () => readWhole('the live server’s port', form.port, { least: 0, most: 65535 }),
    framesPerSecond: () => readWhole('the live server’s frames per second', form.framesPerSecond, { least: 1, most: 60 }),
    jpegQuality: () => readWhole('the live server’s JPEG quality', form.jpegQuality, { least: 1, most: 100 }),
    folder: () => readText('the live server’s history folder', historyFolder),
    maximumInspections: () => readWhole('the live server’s number of inspections', historyInspections, { least: 1, most: 10_000_000 }),
    megabytes: () => readWhole('the live server’s MB of pictures', historySize, { least: 1, most: 1_000_000 })
  })
  const maximumPictureBytes = megabytes * 1024 ** 2
  return {
    ...read,
    host: host === '' ? '127.0.0.1' : host,
    tokens: {
      ...(filled(viewerToken) ? { viewer: viewerToken } : {}),
      ...(filled(operatorToken) ? { operator: operatorToken } : {}),
      ...(filled(engineerToken) ? { engineer: engineerToken } : {})
    },
    ...(folder === '' ? {} : { history: { path: resolve(userDir, folder, `${id}.sqlite`), maximumInspections, maximumPictureBytes } })
  }
}

function filled (text: string | undefined): text is string {
  return text !== undefined && text !== ''
}
