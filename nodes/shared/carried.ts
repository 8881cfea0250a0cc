/** What a message carries that must not be lost on its way. */
import type { NodeMessage } from 'node-red'
import { isFrame } from '../../engine/frame/frame.ts'

interface Carrying extends NodeMessage {
  frame?: unknown
  inspection?: { eventId?: unknown } | null
  explanation?: { methods?: unknown } | null
}

/** The event id of the verdict. */
export function eventOf ({ inspection }: Carrying): string | undefined {
  return typeof inspection?.eventId === 'string' ? inspection.eventId : undefined
}

/** A verdict, which is a record also without its pictures. What other methods say of a part is pictures, of a verdict that has gone before. */
export function isVerdict (msg: Carrying): boolean {
  return eventOf(msg) !== undefined && !Array.isArray(msg.explanation?.methods)
}

/** A part, judged or to be judged. */
export function isPart (msg: Carrying): boolean {
  return eventOf(msg) !== undefined || isFrame(msg.frame)
}
