/** What the editor and the live page show of a memory: its exemplars with why each is kept. */
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { LearningLine } from '../../engine/live/learning-line.ts'
import { exemplarLabel } from '../../schemas/exemplar-label.ts'
import type { LearningSheet } from '../../schemas/learning.ts'

/** What a person has answered since the last update no longer asks to be looked at. */
export function sheetOf (line: LineReplay, state: LearningLine['state']): LearningSheet {
  const { last } = line.state
  const waiting = new Map(line.waiting.map((picture) => [picture.sha256, picture]))
  return {
    schema: 'goodparts.learning/1',
    state,
    relabel: (last?.relabel ?? []).filter(({ sha256, place }) => place === 'memory' ? !waiting.has(sha256) : waiting.get(sha256)?.confirmed === false),
    memory: (last?.exemplars ?? []).map(({ reason, ...exemplar }) => ({ ...exemplar, place: 'memory', text: reason })),
    waiting: [...waiting.values()].reverse().map(({ sha256, product, label, by }) => ({ sha256, label: exemplarLabel(product, label), place: 'inbox', text: `by ${by === 'person' ? 'a person' : 'the line'}`, snnl: null }))
  }
}
