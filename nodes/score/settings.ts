/** The form of a score node, and its status in a few words. Pure. */
import { basename } from 'node:path'
import type { InspectorOptions } from '../../engine/decision/inspector.ts'
import type { VerdictTally } from '../../engine/decision/verdict-tally.ts'
import type { SlotState } from '../../engine/decision/model-slot.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { readProductName } from '../../engine/label-text.ts'
import { readAll } from '../../engine/read-all.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { modelNotConfigured } from '../model/settings.ts'
import { readChoice, readNumber, readText, readWhole } from '../shared/form-values.ts'

export interface ScoreForm {
  line: string
  product: string
  /** Milliseconds; 0 or empty waits as long as it takes. */
  deadline: string
  policy: string
  capacity: string
  batch: string
}

/** A line without a name of its own is called as the node is. @throws GOODPARTS_ARGUMENT */
export function readScoreForm (form: ScoreForm, id: string, nodeName = ''): InspectorOptions {
  const { line, product, deadline, ...queue } = readAll({
    line: () => readText('the line', form.line),
    product: () => readProduct(form.product),
    deadline: () => readText('the deadline', form.deadline) === '' ? 0 : readNumber('the deadline', form.deadline),
    policy: () => readChoice('the policy', form.policy, ['newest', 'every']),
    capacity: () => readWhole('the capacity', form.capacity, { least: 1 }),
    batch: () => readWhole('the batch', form.batch, { least: 1 })
  })
  return {
    line: line || readText('the name', nodeName) || id,
    product,
    deadlineMs: deadline === 0 ? Infinity : deadline,
    ...queue,
    hop: `score/${id}`
  }
}

/** `null` where none is named. */
function readProduct (given: unknown): string | null {
  const text = readText('the product', given)
  return text === '' ? null : readProductName(text, 'the product')
}

/** Why nothing can be judged with the model node that is chosen, whatever its bundle. */
export function whyNoModel (model: Pick<ModelNode, 'formError'> | null): GoodpartsError | undefined {
  if (model !== null) return model.formError === undefined ? undefined : modelNotConfigured(model.formError)
  return new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a model node to be chosen, got none: every frame leaves as not inspected', { fix: 'Choose a model in the form of the node, and enable it where it is disabled.' })
}

export interface StatusText {
  kind: 'busy' | 'running' | 'degraded' | 'stopped' | 'failed'
  /** Under `goodparts-score.status`. */
  text: string
  values: Record<string, string | number>
}

export function scoreStatus (state: SlotState, summary: ReturnType<VerdictTally['summary']>, bundlePath = ''): StatusText {
  if (state.kind !== 'ready' && !('current' in state && state.current !== undefined) && summary.goodShare === null) {
    if (state.kind === 'loading') return { kind: 'busy', text: 'loading', values: { seconds: Math.round((performance.now() - state.since) / 1000) } }
    if (state.kind === 'failed') return { kind: 'failed', text: 'failed', values: { code: state.error.code.replace('GOODPARTS_', '') } }
    // Named, so that a mistyped bundle does not look like one that is still to be learned.
    return { kind: 'stopped', text: 'noModel', values: { bundle: basename(bundlePath) } }
  }
  const values = { rate: summary.perSecond.toFixed(1), good: summary.goodShare === null ? '–' : (100 * summary.goodShare).toFixed(1), lost: summary.notInspected }
  if (state.kind === 'failed') return { kind: 'degraded', text: 'oldModel', values }
  if (summary.notInspected > 0) return { kind: 'degraded', text: 'degraded', values }
  if (summary.goodShare === null) return { kind: 'running', text: 'waiting', values }
  return { kind: 'running', text: 'running', values }
}
