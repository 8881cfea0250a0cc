/** Replay policies by name. A new one is a file here, a line below and a row in docs/continual-learning.md. */
import { GoodpartsError } from '../../errors.ts'
import { aser } from './aser.ts'
import { classBalanced } from './class-balanced.ts'
import { gss } from './gss.ts'
import { herding } from './herding.ts'
import { kCenter } from './k-center.ts'
import { mir } from './mir.ts'
import type { ReplayPolicy } from './replay-policy.ts'
import { reservoir } from './reservoir.ts'
import { snnlPreserving } from './snnl-preserving.ts'
import { snnlHigh, snnlLow } from './snnl-ranked.ts'

export const replayPolicies: readonly ReplayPolicy[] = [snnlPreserving, herding, classBalanced, reservoir, kCenter, aser, gss, mir, snnlLow, snnlHigh]

export const defaultReplayPolicy = snnlPreserving

/** @throws GOODPARTS_ARGUMENT for a policy that does not exist. */
export function replayPolicyByName (name: string): ReplayPolicy {
  const found = replayPolicies.find((policy) => policy.name === name)
  if (found === undefined) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the replay policy to be one of ${replayPolicies.map((policy) => policy.name).join(', ')}, got ${name}`)
  }
  return found
}
