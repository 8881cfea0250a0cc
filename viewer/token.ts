/** The token of this browser: for the session, or on the device. A browser that keeps nothing has it until the page is closed. */
const KEY = 'goodparts.live.token'

let ofThisPage: string | null = null

/** A wall display opens `…/#token=…` once: the token is kept for the session and leaves the address. */
export function adoptTokenOfAddress (): void {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1]
  if (given === undefined) return
  keepToken(decoded(given), false)
  history.replaceState(null, '', location.pathname + location.search)
}

export function keepToken (token: string, remember: boolean): void {
  ofThisPage = token
  attempt(() => { sessionStorage.setItem(KEY, token) })
  if (remember) attempt(() => { localStorage.setItem(KEY, token) })
}

export function readToken (): string | null {
  return ofThisPage ?? attempt(() => sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY)) ?? null
}

export function forgetToken (): void {
  ofThisPage = null
  attempt(() => { sessionStorage.removeItem(KEY) })
  attempt(() => { localStorage.removeItem(KEY) })
}

/** Header of requests. */
export function authorisation (): Record<string, string> {
  const token = readToken()
  // Other characters cannot stand in a header: the server would be asked nothing, for ever.
  return token === null || !/^[\x20-\xff]+$/.test(token) ? {} : { Authorization: `Bearer ${token}` }
}

/** Storage may be full, switched off or forbidden by the browser. */
function attempt<T> (work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
