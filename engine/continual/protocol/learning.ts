/** What learns in a comparison of policies, and what bounds it. */
import type { ReplayPolicy } from '../buffers/replay-policy.ts'
import { seededRandom } from '../../random.ts'
import { byLabel } from '../samples.ts'
import type { ContinualTask } from './continual-set.ts'
import type { ProtocolResult } from './run-protocol.ts'

/** Of one policy and memory in one seed. */
export type PolicyRun = ProtocolResult & {
  /** Nearest class mean on the memory at the end. */
  classMeanAccuracy: number
  /** Of the pictures in memory at the end, as files. */
  memoryBytes: number
  /** Where it was looked at. */
  accuracyBeforeReview?: number
}

export interface Learning {
  /** Before labels are made wrong. */
  prepare (tasks: readonly ContinualTask[]): ContinualTask[]
  run (policy: ReplayPolicy, memory: number, tasks: readonly ContinualTask[], seed: number): Promise<PolicyRun>
  /** Without a memory; `offline` and `balanced` learn everything at once. */
  readonly bounds: ReadonlyArray<{ name: 'offline' | 'balanced' | 'finetune' | 'streaming-lda', run: (tasks: readonly ContinualTask[], seed: number) => Promise<ProtocolResult> }>
}

/** As many draws as there are items, every class as often as another. */
export function balancedDraws (items: ContinualTask['train'], seed: number): ContinualTask['train'] {
  const random = seededRandom(seed)
  const classes = [...byLabel(items).values()]
  return items.map((_, index) => {
    const members = classes[index % classes.length] ?? []
    return members[Math.floor(random() * members.length)] as ContinualTask['train'][number]
  })
}
