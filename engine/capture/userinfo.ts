/** User and password inside an address (`rtsp://USER:PASSWORD@HOST`): kept out of flows, messages and logs. */

/** For showing. Rather too much is hidden than too little: a password may itself hold an `@` or a `/`. */
export function withoutPasswords (text: string): string {
  return text.replace(/(:\/\/)[^\s"'<>]*@/g, '$1***@')
}

export function hasUserinfo (address: string): boolean {
  const { username, password } = new URL(address)
  return username !== '' || password !== ''
}

/** An address as it can be shown, and what stood in it; empty texts where nothing did. @throws TypeError when it is no address. */
export function splitUserinfo (address: string): { address: string, user: string, password: string } {
  const url = new URL(address)
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (!hasUserinfo(address)) return { address, user, password }
  url.username = ''
  url.password = ''
  return { address: url.href, user, password }
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that stands for itself.
    return text
  }
}
