/** The form of a replay buffer, its messages, and its status in a few words. Pure. */
import { join } from 'node:path'
import { defaultReplayPolicy, replayPolicyByName } from '../../engine/continual/buffers/registry.ts'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import type { LineReplayOptions } from '../../engine/continual/line-replay.ts'
import type { SaidLabel } from '../../engine/continual/said-word.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { readLabelText, readProductName, removedLabel } from '../../engine/label-text.ts'
import { readAll } from '../../engine/read-all.ts'
import type { LineDrift } from '../../schemas/learning.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { modelNotConfigured } from '../model/settings.ts'
import { readChoice, readNumber, readText, readWhole } from '../shared/form-values.ts'

export interface ReplayForm {
  /** Of the parts that say none; empty = `part`. */
  product: string
  policy: string
  memory: string
  /** Megabytes. */
  bytes: string
  mode: string
  /** Labels; 0 = only when asked. */
  updateAfter: string
  /** Seconds between two parts that the line itself calls good and that are learned; empty = none is. */
  interval: string
  /** One false alarm in so many runs of the line. */
  driftRate: string
  seed: string
}

const megabyte = 2 ** 20
/** Labelled pictures that wait for an update. */
const mostWaiting = 1000
/** Labels on their way to the disk, each with its frame; one more is refused. */
export const mostUnderWay = 64

interface Place {
  id: string
  userFolder: string
  model: Pick<ModelNode, 'bundlePath' | 'rates' | 'formError'> | null
}

/** @throws GOODPARTS_ARGUMENT, all wrong fields at once */
export function readReplayForm (form: ReplayForm, { id, userFolder, model }: Place): LineReplayOptions {
  if (model?.formError !== undefined) throw modelNotConfigured(model.formError)
  const { bundlePath: bundle, rates } = model ?? {}
  if (bundle === undefined || rates === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a model to be chosen, got none', { fix: 'Choose one in the replay buffer' })
  const { bytes, policy, items, mode, seed, ...when } = readAll({
    bytes: () => megabyte * readNumber('the megabytes', form.bytes, { least: 1 }),
    policy: () => replayPolicyByName(readText('the policy', form.policy) || defaultReplayPolicy.name).name,
    items: () => readWhole('the memory', form.memory, { least: 20 }),
    mode: () => readChoice('the kind of update', form.mode, updateModes),
    seed: () => readWhole('the seed', form.seed),
    updateAfter: () => readWhole('the number of labels', form.updateAfter),
    learnFromLineEveryMs: () => readText('the interval', form.interval) === '' ? null : 1000 * readNumber('the interval', form.interval),
    driftRate: () => 1 / readNumber('the drift alarm', form.driftRate, { least: 2 })
  })
  const folder = join(userFolder, 'goodparts', 'replay', id)
  return { request: { bundle, folder, policy, memory: { items, bytes }, inbox: { items: mostWaiting, bytes }, mode, ...rates, seed }, ...when }
}

/** Of the parts that say no product, and of the line at the page, empty for none. Flows of before have no line. @throws GOODPARTS_ARGUMENT */
export function readLineNames (form: { product?: string, line?: string }): { product: string, name: string } {
  return readAll({ product: () => readProductName(readText('the product', form.product) || 'part', 'the product'), name: () => readText('the line', form.line) })
}

export const replayCommands = ['update', 'cancel', 'rollback', 'reset-drift', 'relabel', 'withdraw'] as const
export type ReplayCommand = typeof replayCommands[number]

export interface ReplayMessage {
  frame?: unknown
  label?: unknown
  product?: unknown
  partId?: unknown
  by?: unknown
  wordId?: unknown
  buffer?: unknown
  /** Of this update. */
  mode?: unknown
  payload?: unknown
}

/** What a person, or the line, says of the frame; `null` without a label. @throws GOODPARTS_ARGUMENT */
export function readLabel ({ label, product, partId, by, wordId }: ReplayMessage, defaultProduct: string): SaidLabel | null {
  if (label === undefined) return null
  return { product: readProduct('msg.product', product ?? defaultProduct), label: readSaid('msg.label', label), partId: typeof partId === 'string' ? partId : null, by: by === 'line' ? 'line' : 'person', ...(typeof wordId === 'string' && wordId !== '' ? { wordId } : {}) }
}

/** @throws GOODPARTS_ARGUMENT */
export function readCommand ({ buffer }: ReplayMessage): ReplayCommand {
  const found = replayCommands.find((command) => command === buffer)
  if (found !== undefined) return found
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.frame to be a frame, or msg.buffer to be one of ${replayCommands.join(', ')}, got ${typeof buffer === 'string' ? buffer : 'neither'}`)
}

const updateModes = ['extend', 'recalibrate', 'adapt'] as const

/** `undefined` = as the form says. @throws GOODPARTS_ARGUMENT */
export function readMode ({ mode }: ReplayMessage): typeof updateModes[number] | undefined {
  return mode === undefined ? undefined : readChoice('msg.mode', typeof mode === 'string' ? mode : '', updateModes)
}

/** @throws GOODPARTS_ARGUMENT */
export function readRelabel ({ payload }: ReplayMessage, defaultProduct: string): { sha256: string, label: string, product: string } {
  const { sha256, label, product } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  return { sha256: readName('msg.payload.sha256', sha256), label: readSaid('msg.payload.label', label), product: readProduct('msg.payload.product', product ?? defaultProduct) }
}

/** The picture whose label is taken back. @throws GOODPARTS_ARGUMENT */
export function readPicture ({ payload }: ReplayMessage): string {
  const { sha256, picture } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  return readName('msg.payload.sha256', sha256 ?? picture)
}

/** What a person said at the live page comes in by the live node too: this buffer has it already. */
export function isKeptWord (payload: unknown, id: string): boolean {
  return typeof payload === 'object' && payload !== null && 'keptBy' in payload && payload.keptBy === id
}

function readProduct (where: string, value: unknown): string {
  return typeof value === 'string' ? readProductName(value, where) : readName(where, value)
}

/** `removedLabel` too. */
function readSaid (where: string, value: unknown): string {
  const name = readName(where, value)
  return name === removedLabel ? name : readLabelText(name)
}

function readName (where: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && !value.includes('/')) return value.trim()
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${where} to be a name without "/", got ${JSON.stringify(value) as string | undefined ?? 'nothing'}`, { fix: 'Name it in letters, without a slash.' })
}

export interface ReplayState { waiting: number, updating: boolean, drift: LineDrift | null, last: UpdateOutcome | null }

/** Under `goodparts-replay-buffer.status`. @param translate Of the names of signals and advice: a key under `goodparts-replay-buffer`. */
export function replayStatus ({ waiting, updating, drift, last }: ReplayState, translate: (key: string) => string): { kind: 'busy' | 'running' | 'degraded' | 'stopped', text: string, values: Record<string, string | number> } {
  const values = { waiting, kept: last?.memory.items ?? 0, classes: Object.keys(last?.memory.classes ?? {}).length, id: last?.bundle.slice(0, 6) ?? '' }
  if (updating) return { kind: 'busy', text: 'updating', values }
  if (drift !== null) return { kind: 'degraded', text: 'drift', values: { ...values, signals: drift.signals.map((signal) => translate(`signal.${signal}`)).join(', '), advice: translate(`advice.${drift.advice}`) } }
  if (last === null) return { kind: 'stopped', text: 'collecting', values }
  return last.accepted ? { kind: 'running', text: 'accepted', values } : { kind: 'degraded', text: 'refused', values }
}
