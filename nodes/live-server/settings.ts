/** The form of a live server, checked. */
import { GoodpartsError } from '../../engine/errors.ts'
import type { LiveServerOptions } from '../../engine/live/server.ts'

/** All values arrive as text. */
export interface LiveServerForm {
  host: string
  port: string | number
  framesPerSecond: string | number
  jpegQuality: string | number
}

export interface LiveServerCredentials {
  viewerToken?: string
  operatorToken?: string
  engineerToken?: string
}

/** @throws GOODPARTS_ARGUMENT */
export function readLiveServerForm (form: LiveServerForm, credentials: LiveServerCredentials = {}): LiveServerOptions {
  const { viewerToken, operatorToken, engineerToken } = credentials
  return {
    host: form.host.trim() === '' ? '127.0.0.1' : form.host.trim(),
    port: integer('port', form.port, 0, 65535),
    framesPerSecond: integer('frames per second', form.framesPerSecond, 1, 60),
    jpegQuality: integer('JPEG quality', form.jpegQuality, 1, 100),
    tokens: {
      ...(filled(viewerToken) ? { viewer: viewerToken } : {}),
      ...(filled(operatorToken) ? { operator: operatorToken } : {}),
      ...(filled(engineerToken) ? { engineer: engineerToken } : {})
    }
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
