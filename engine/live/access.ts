/** Who may connect, and where the server may listen. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { LiveRole } from '../../schemas/live.ts'
import { GoodpartsError } from '../errors.ts'

/** One secret per role; none set = nobody is asked. */
export type LiveTokens = { readonly [role in LiveRole]?: string }

/** Highest first. */
const roles: readonly LiveRole[] = ['engineer', 'operator', 'viewer']

/** Each role may do what those below it may. */
export function isAtLeast (role: LiveRole, least: LiveRole): boolean {
  return roles.indexOf(role) <= roles.indexOf(least)
}

export function isLoopback (host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

function hasToken (tokens: LiveTokens): boolean {
  return roles.some((role) => (tokens[role] ?? '') !== '')
}

/** @throws GOODPARTS_FORBIDDEN for an address that others can reach, while neither a token nor TLS protects it. */
export function assertMayListen (host: string, tokens: LiveTokens, secure: boolean): void {
  if (isLoopback(host) || hasToken(tokens) || secure) return
  throw new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected a token or TLS to be set before listening beyond this machine, got host ${host} with neither`,
    { fix: 'Set a token in the live server, or use host 127.0.0.1' })
}

/**
 * The role that a bearer token gives, `undefined` when it gives none. Without any token the person at this machine is an engineer, as in an
 * editor without a password; from elsewhere (TLS only) a viewer.
 */
export function roleOf (authorization: string | undefined, tokens: LiveTokens, host: string): LiveRole | undefined {
  if (!hasToken(tokens)) return isLoopback(host) ? 'engineer' : 'viewer'
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) return undefined
  return roles.find((role) => (tokens[role] ?? '') !== '' && equal(given, tokens[role] ?? ''))
}

/**
 * A page of another site that points its own name at 127.0.0.1 would be let in as local: on loopback, without a token, only
 * names of this machine are answered.
 */
export function mayAnswer (hostHeader: string | undefined, tokens: LiveTokens, host: string): boolean {
  if (hasToken(tokens) || !isLoopback(host)) return true
  return isLoopback((hostHeader ?? '').replace(/:\d+$/, ''))
}

/** Another site's page in the same browser could ask a server without a token to change something. Names of headers in small letters. */
export function isFromElsewhere ({ method, headers }: { method: string, headers: IncomingHttpHeaders }): boolean {
  const site = headers['sec-fetch-site']
  return method !== 'GET' && method !== 'HEAD' && site !== undefined && site !== 'same-origin' && site !== 'none'
}

function equal (a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
