/** A browser cannot put a token on a websocket without writing it into the address: it gets a ticket first, good for one socket and some seconds. */
import { randomBytes } from 'node:crypto'
import type { LiveRole } from '../../schemas/live.ts'

const LIFETIME_MS = 30_000
const CAPACITY = 1000

export interface Ticket {
  ticket: string
  role: LiveRole
  /** ISO 8601. */
  expiresAt: string
}

export class Tickets {
  readonly #now: () => number
  readonly #open = new Map<string, { role: LiveRole, expires: number }>()

  constructor (now: () => number = Date.now) {
    this.#now = now
  }

  issue (role: LiveRole): Ticket {
    this.#forgetOld()
    const ticket = randomBytes(24).toString('base64url')
    const expires = this.#now() + LIFETIME_MS
    this.#open.set(ticket, { role, expires })
    return { ticket, role, expiresAt: new Date(expires).toISOString() }
  }

  /** The role, once; `undefined` for a ticket that is unknown, used or too old. */
  redeem (ticket: string): LiveRole | undefined {
    const found = this.#open.get(ticket)
    this.#open.delete(ticket)
    return found !== undefined && found.expires > this.#now() ? found.role : undefined
  }

  #forgetOld (): void {
    for (const [ticket, { expires }] of this.#open) {
      if (expires > this.#now() && this.#open.size < CAPACITY) break
      this.#open.delete(ticket)
    }
  }
}
