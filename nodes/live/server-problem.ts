/** Why the page is not served, in two words: the whole message is an error of the live server's node. */
import type { GoodpartsError } from '../../engine/errors.ts'

/** Under `goodparts-live.status`. */
export function shortly (problem: GoodpartsError): string {
  if (problem.code === 'GOODPARTS_FORBIDDEN') return 'tokenMissing'
  return (problem.cause as { code?: string } | undefined)?.code === 'EADDRINUSE' ? 'portInUse' : 'notListening'
}
