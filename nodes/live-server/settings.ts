/** The form of a live server, checked. */
import { resolve } from 'node:path'
import { GoodpartsError } from '../../engine/errors.ts'
import type { LiveServerOptions } from '../../engine/live/server.ts'

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
  const maximumInspections = integer('number of inspections', historyInspections, 1, 10_000_000)
  const maximumPictureBytes = integer('MB of pictures', historySize, 1, 1_000_000) * 1024 ** 2
  return {
    host: form.host.trim() === '' ? '127.0.0.1' : form.host.trim(),
    port: integer('port', form.port, 0, 65535),
    framesPerSecond: integer('frames per second', form.framesPerSecond, 1, 60),
    jpegQuality: integer('JPEG quality', form.jpegQuality, 1, 100),
    tokens: {
      ...(filled(viewerToken) ? { viewer: viewerToken } : {}),
      ...(filled(operatorToken) ? { operator: operatorToken } : {}),
      ...(filled(engineerToken) ? { engineer: engineerToken } : {})
    },
    ...(historyFolder.trim() === '' ? {} : { history: { path: resolve(userDir, historyFolder.trim(), `${id}.sqlite`), maximumInspections, maximumPictureBytes } })
  }
}

function filled (text: string | undefined): text is string {
  return text !== undefined && text !== ''
}

function integer (name: string, given: string | number, least: number, most: number): number {
  const value = String(given).trim() === '' ? NaN : Number(given)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the live server's ${name} to be a whole number from ${least} to ${most}, got "${given}"`)
}
