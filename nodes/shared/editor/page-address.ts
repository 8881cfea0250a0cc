/** Where a live server's page is found from the editor's browser. */
export interface PagePlace {
  host: string
  port: string
  /** Of the TLS settings; empty or `_ADD_` = none. */
  tls: string | undefined
}

/** Whether only browsers on the server's own machine reach it. */
export function isLoopback (host: string): boolean {
  return /^(localhost|127\..*|::1)$/.test(host)
}

/** @param editorHost Of the editor's own address, for a server that listens on every address of its machine. */
export function pageAddress ({ host, port, tls }: PagePlace, editorHost: string): string {
  const name = isLoopback(host) ? 'localhost' : host === '0.0.0.0' || host === '::' ? editorHost : host
  return `${['', '_ADD_', undefined].includes(tls) ? 'http' : 'https'}://${name}:${port}/`
}
