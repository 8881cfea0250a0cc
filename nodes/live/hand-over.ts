/** What a message brings, given to the live server. */
import type { LiveServer } from '../../engine/live/server.ts'
import type { LiveInput } from './live-message.ts'

/** `isTaken`: `false` when the server has too many lines for this one, `undefined` without a server. */
export function handOver (input: Exclude<LiveInput, { kind: 'word' }>, server: LiveServer | undefined): { line: string, isTaken: boolean | undefined } {
  switch (input.kind) {
    case 'notice': return { line: input.line, isTaken: server?.notice(input.line, input.notice) }
    case 'explanations': return { line: input.explanations.line, isTaken: server?.explained(input.explanations) }
    case 'publication': return { line: input.publication.line, isTaken: server?.publish(input.publication) }
  }
}
