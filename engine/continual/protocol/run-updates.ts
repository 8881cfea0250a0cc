/**
 * Good-only detectors while products, light or wear change: the detector is fitted on the first task, what people label of the next comes in
 * through the update of the line, gate included, and beside it stands a fit on everything so far from nothing.
 */
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonValue } from '../../../schemas/bundle.ts'
import type { DetectorFigures, UpdateRun, UpdateStep } from '../../../schemas/continual-updates.ts'
import { readBundle } from '../../bundle/bundle.ts'
import { createDecision, type Decision } from '../../decision/decision.ts'
import { fitInProcess } from '../../detectors/fit-process.ts'
import { Scorer } from '../../detectors/scorer.ts'
import { auroc } from '../../auroc.ts'
import { GoodpartsError } from '../../errors.ts'
import { decodeImage } from '../../frame/image-codec.ts'
import { gateDefaults } from '../detector-update/acceptance-gate.ts'
import type { UpdateMode } from '../detector-update/candidate-model.ts'
import type { UpdateProgress, UpdateRequest } from '../detector-update/update-detector.ts'
import { readPatchMemory } from '../detector-update/patch-memory-graph.ts'
import { updateInProcess } from '../detector-update/update-process.ts'
import { LabelInbox } from '../label-inbox.ts'
import { mean } from './metrics.ts'
import { isChecked, type LinePicture, type UpdateTask } from './update-tasks.ts'

export interface UpdateProtocol {
  tasks: readonly UpdateTask[]
  modes: readonly UpdateMode[]
  family: string
  /** Of the family. */
  options: { [option: string]: JsonValue }
  policy: string
  /** Pictures kept at most. */
  memory: number
  /** Of AUROC and of the share of defects caught, what the gate lets pass; 1 = any, to see what it prevents. */
  largestDrop: number
  seed: number
  /** Empty; holds bundles and memories. */
  folder: string
  /** `done` and `total` of the stage; `total` 0 = not known. */
  progress (stage: string, done: number, total: number): void
  signal: AbortSignal
}

/** Of one task's test pictures by one bundle. */
interface Scores { good: Scored[], defect: Scored[] }

interface Scored { score: number, product: string }

/** Of the line's limits. */
const rates = { reviewRate: 0.05, rejectRate: 0.005 }

/** One run per mode; they share the first fit and the fits on everything so far. @throws what a fit and an update throw */
export async function runUpdates (protocol: UpdateProtocol): Promise<UpdateRun[]> {
  const fits = new Fits(protocol)
  const fitted = await fits.after(0)
  const test = new TestScores(protocol)
  const runs: UpdateRun[] = []
  for (const mode of protocol.modes) runs.push({ mode, seed: protocol.seed, steps: await lineThroughTasks(protocol, mode, fitted, fits, test) })
  return runs
}

async function lineThroughTasks (protocol: UpdateProtocol, mode: UpdateMode, fitted: string, fits: Fits, test: TestScores): Promise<UpdateStep[]> {
  const folder = join(protocol.folder, mode)
  await mkdir(folder)
  const request: UpdateRequest = {
    bundle: join(folder, 'line.onnx'),
    folder,
    policy: protocol.policy,
    memory: { items: protocol.memory, bytes: 1e9 },
    inbox: { items: 50_000, bytes: 4e9 },
    mode,
    ...rates,
    seed: protocol.seed,
    gate: { ...gateDefaults, largestDrop: protocol.largestDrop }
  }
  await copyFile(fitted, request.bundle)
  const steps: UpdateStep[] = []
  for (const [index, task] of protocol.tasks.entries()) {
    const before = await test.figures(request.bundle, index)
    await label(request, task.labelled)
    const update = await updateOf({ ...request, mode: index === 0 ? 'recalibrate' : mode }, (stage, done, total) => { protocol.progress(`${mode}, ${task.name}: ${stage}`, done, total) }, protocol.signal)
    steps.push({
      task: task.name,
      good: task.labelled.filter(({ isGood }) => isGood).length,
      defects: task.labelled.filter(({ isGood }) => !isGood).length,
      before,
      after: update.accepted ? await test.figures(request.bundle, index) : before,
      offline: await test.figures(await fits.after(index), index),
      ...update,
      bankBytes: await bankBytes(request.bundle)
    })
  }
  return steps
}

type UpdateFacts = Pick<UpdateStep, 'mode' | 'accepted' | 'reasons' | 'learned' | 'checked' | 'heldBack' | 'seconds' | 'memoryBytes'>

/** One that cannot be begun counts as refused, as it does on the line: what was labelled waits. */
async function updateOf (request: UpdateRequest, progress: UpdateProgress, signal: AbortSignal): Promise<UpdateFacts> {
  const { mode } = request
  try {
    const { accepted, gate, learned, checked, heldBack, seconds, memory } = await updateInProcess(request, progress, signal)
    return { mode, accepted, reasons: gate.reasons, learned, checked, heldBack: heldBack.length, seconds, memoryBytes: memory.bytes }
  } catch (error) {
    if (!(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_TOO_FEW_IMAGES') throw error
    return { mode, accepted: false, reasons: [error.message], learned: 0, checked: 0, heldBack: 0, seconds: 0, memoryBytes: 0 }
  }
}

async function bankBytes (path: string): Promise<number | null> {
  const { bytes, metadata } = await readBundle(path)
  return metadata.family === 'patch-memory' ? readPatchMemory(bytes).bank.entries.byteLength : null
}

async function label ({ folder, inbox: bounds }: UpdateRequest, labelled: readonly LinePicture[]): Promise<void> {
  const inbox = new LabelInbox(join(folder, 'inbox'), bounds)
  for (const { id, product, label: said, isGood, partId } of labelled) {
    await inbox.add(await readFile(id), { product, label: isGood ? 'good' : said, partId, by: 'person', pValue: null, inDrift: false })
  }
}

/** Bundles fitted from nothing on all good parts that the line has seen, each once. */
class Fits {
  readonly #protocol: UpdateProtocol
  readonly #made = new Map<number, string>()

  constructor (protocol: UpdateProtocol) {
    this.#protocol = protocol
  }

  /** Path of the bundle; after the first task, that which the lines begin with. */
  async after (index: number): Promise<string> {
    const { tasks, family, options, seed, folder, signal } = this.#protocol
    const known = this.#made.get(index)
    if (known !== undefined) return known
    const seen = tasks.slice(0, index + 1)
    const labelled = index === 0 ? [] : seen.flatMap((task) => task.labelled.filter(({ isGood }) => isGood))
    const images = [
      ...seen.flatMap(({ fitted }) => fitted).map((picture) => fitImage(picture, false)),
      ...seen.flatMap(({ calibration }) => calibration).map((picture) => fitImage(picture, true)),
      ...labelled.map((picture) => fitImage(picture, isChecked(picture)))
    ]
    const output = join(folder, `fit-${index}.onnx`)
    await fitInProcess({ family, images, options, knownOptionsOnly: true, seed, output }, { signal, onProgress: ({ stage, done, total }) => { this.#protocol.progress(`fit on ${seen.map(({ name }) => name).join(', ')}: ${stage}`, done, total) } })
    this.#made.set(index, output)
    return output
  }
}

function fitImage ({ id, partId }: LinePicture, calibration: boolean): { path: string, group: string, calibration: boolean } {
  return { path: id, group: partId, calibration }
}

/** Test pictures by bundle and task, each scored once. */
class TestScores {
  readonly #protocol: UpdateProtocol
  readonly #known = new Map<string, Scores>()

  constructor (protocol: UpdateProtocol) {
    this.#protocol = protocol
  }

  /** On everything up to the task with that place. */
  async figures (bundle: string, newest: number): Promise<DetectorFigures> {
    const { metadata, bytes } = await readBundle(bundle)
    const decision = createDecision({ calibrationScores: metadata.calibration.scores, productScores: metadata.calibration.products ?? {}, ...rates })
    const scores: Scores[] = []
    const scorer = await Scorer.open(bytes, 1)
    try {
      for (const task of this.#protocol.tasks.slice(0, newest + 1)) scores.push(await this.#of(metadata.id, scorer, task))
    } finally {
      await scorer.close()
    }
    const old = scores.slice(0, -1).map(area).filter((value) => value !== null)
    const pooled: Scores = { good: scores.flatMap(({ good }) => good), defect: scores.flatMap(({ defect }) => defect) }
    return {
      auroc: area(pooled),
      oldAuroc: old.length === 0 ? null : mean(old),
      newAuroc: area(scores.at(-1) as Scores),
      falseRejects: beyond(pooled.good, decision),
      newFalseRejects: beyond(scores.at(-1)?.good ?? [], decision),
      caught: beyond(pooled.defect, decision)
    }
  }

  async #of (id: string, scorer: Scorer, { name, test }: UpdateTask): Promise<Scores> {
    const key = `${id} ${name}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found: Scores = { good: [], defect: [] }
    for (const [index, picture] of test.entries()) {
      this.#protocol.signal.throwIfAborted()
      this.#protocol.progress(`testing on ${name}`, index, test.length)
      found[picture.isGood ? 'good' : 'defect'].push({ score: await scorer.score(await decodeImage(picture.id)), product: picture.product })
    }
    this.#known.set(key, found)
    return found
  }
}

function area ({ good, defect }: Scores): number | null {
  return auroc(good.map(({ score }) => score), defect.map(({ score }) => score))
}

/** By the limit of each part's product. */
function beyond (parts: readonly Scored[], decision: Decision): number | null {
  return parts.length === 0 ? null : parts.filter(({ score, product }) => score > decision.forProduct(product).limits.reject).length / parts.length
}
