/** A drift in words: what has changed, and what to do. */
import type { LineDrift } from '../schemas/learning.ts'
import { translate } from './texts.ts'

export function signalsText ({ signals }: LineDrift): string {
  return signals.map((signal) => translate(`drift-${signal}`)).join(', ')
}

export function adviceText ({ advice }: LineDrift): string {
  return translate(`advice-${advice}`)
}
