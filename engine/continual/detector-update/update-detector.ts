/**
 * A continual update of a detector that learns from good parts only: what waits in the inbox is looked at, a candidate is made, and it takes
 * the old bundle's place only through the gate. Refused, nothing changes but the report.
 */
import { join } from 'node:path'
import { readBundle, writeBundle, type ModelBundle } from '../../bundle/bundle.ts'
import { goldenTolerance, makeGoldenVectors } from '../../bundle/golden.ts'
import { twoSampleTest } from '../../decision/drift/two-sample-test.ts'
import { pixelHash } from '../../detectors/picture-pool.ts'
import { Scorer } from '../../detectors/scorer.ts'
import { GoodpartsError } from '../../errors.ts'
import { decodeImage } from '../../frame/image-codec.ts'
import type { JsonValue } from '../../../schemas/bundle.ts'
import { seededRandom } from '../../random.ts'
import { fewestPlaces } from '../buffers/class-rounds.ts'
import { ReplayBuffer, type BufferState } from '../buffers/replay-buffer.ts'
import { replayPolicyByName } from '../buffers/registry.ts'
import type { Exemplar } from '../buffers/replay-policy.ts'
import { ExemplarStore } from '../exemplar-store.ts'
import { LabelInbox } from '../label-inbox.ts'
import { isGoodLabel } from '../protocol/continual-set.ts'
import { byLabel, countByLabel } from '../samples.ts'
import { SnnlReference } from '../snnl.ts'
import { gateDefaults, judgeUpdate, refusedFor, type GateAnswer, type GateOptions, type ProductScores } from './acceptance-gate.ts'
import { knownProducts, listsProducts, withoutBeyondLimit } from './beyond-limit.ts'
import { calibrationAfter, crossFitted, limitsOf, withoutPictures, type CalibrationOfPictures, type Checked } from './calibration-after.ts'
import { candidateModel, scoresOf, type CandidateModel, type UpdateMode } from './candidate-model.ts'
import { contradictions, productOf, type HeldBack } from './label-guard.ts'
import { putInUse, settle } from './line-change.ts'
import { contactSheet, relabelQueue, type RelabelEntry, type SheetExemplar } from './relabel-queue.ts'
import { sortLot, type LabelledLot, type LotPicture } from './labelled-lot.ts'

export interface UpdateRequest {
  /** Read, and replaced when the update is accepted. */
  bundle: string
  /** Holds `memory`, `inbox` and `history`. */
  folder: string
  /** Of `buffers/registry.ts`. */
  policy: string
  memory: { items: number, bytes: number }
  inbox: { items: number, bytes: number }
  mode: UpdateMode
  /** Of the line's limits. */
  reviewRate: number
  rejectRate: number
  seed: number
  /** ISO 8601: what the line itself said up to then is not learned without a person, for drift; default: all may be. */
  driftUntil?: string | null
  /** Default `gateDefaults`. */
  gate?: GateOptions
  /** Intra-op threads, default 1. */
  threads?: number
}

export interface UpdateOutcome {
  accepted: boolean
  /** The bundle in use now. */
  bundle: string
  parent: string | null
  gate: GateAnswer
  /** Of each product with remembered good parts: whether the lot's good parts look like them, by an embedding two-sample test. */
  shifts: Array<{ product: string, remembered: number, lot: number, pValue: number }>
  learned: number
  /** Those that the bank, or the light, was learned from, whether or not they are remembered; absent in outcomes of before. */
  learnedPictures?: Array<{ sha256: string, label: string, by: 'person' | 'line' }>
  checked: number
  heldBack: HeldBack[]
  /** Most suspicious first. */
  relabel: RelabelEntry[]
  memory: { items: number, bytes: number, classes: Record<string, number> }
  /** Every exemplar, with why it is kept. */
  exemplars: SheetExemplar[]
  seconds: number
  /** ISO 8601; absent in outcomes of before. */
  endedAt?: string
}

export type UpdateProgress = (stage: string, done: number, total: number) => void

/** Of the lot; with more labels contradicted the whole lot is doubted. */
export const mostContradicted = 0.08

/** Accepted, all of it is in use when it resolves. @throws GOODPARTS_TOO_FEW_IMAGES when nothing waits, GOODPARTS_BUNDLE_INVALID, GOODPARTS_STORE_FAILED. */
export async function updateDetector (request: UpdateRequest, progress: UpdateProgress = () => {}): Promise<UpdateOutcome> {
  const begun = performance.now()
  settle(request)
  const parent = await readBundle(request.bundle)
  const inbox = new LabelInbox(join(request.folder, 'inbox'), request.inbox)
  if (inbox.waiting.length === 0) throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES', 'Expected labelled pictures to learn from, got none that wait', { fix: 'Label parts first: about thirty good ones of the product that runs, and the defects that you have.' })
  const store = new ExemplarStore({ folder: join(request.folder, 'memory'), ...request.memory })
  try {
    const stored = store.read()
    const before = withoutRelabelled(stored, inbox)
    const threads = request.threads ?? 1
    const rejectBefore = (product: string): number => limitsOf(parent.metadata.calibration, product, request).reject
    const lot = await withoutBeyondLimit(await sortLot(inbox, { memory: before.exemplars, remembered: stored.exemplars }, request.driftUntil ?? null, (done, total) => { progress('embedding', done, total) }), parent, rejectBefore, before, threads)
    progress('learning', 0, 1)
    const candidate = await candidateModel(parent, request.mode, lot, before.exemplars.map(({ id, label }) => ({ label, read: () => decodeImage(store.pictures.path(id)) })), { seed: request.seed, threads })
    const buffer = new ReplayBuffer(replayPolicyByName(request.policy), request.memory, request.seed, before)
    buffer.observe(candidate.checked.map(({ item }) => item))
    progress('checking', 0, 1)
    const checked = await checkedScores(parent, candidate, before.exemplars, store, threads)
    const standing = withoutPictures(parent, new Set([...inbox.waiting.map(({ sha256 }) => sha256), ...inbox.heard.withdrawn]))
    const after = calibrationAfter(standing, checked)
    const heldBack = [...lot.heldBack, ...candidate.outliers.map(({ item }): HeldBack => ({ sha256: item.id, reason: 'unlike-its-lot', text: `labelled ${item.label}, but unlike the rest of its lot`, values: { label: item.label }, snnl: new SnnlReference(before.exemplars).of(item) }))]
    const limits = { before: limitsOf(parent.metadata.calibration, null, request), after: limitsOf(after, null, request) }
    const rejectAfter = (product: string): number => limitsOf(after, product, request).reject
    const doubted = heldBack.some(({ reason }) => contradictions.includes(reason))
    const withoutLot = calibrationAfter(standing, checked.filter(({ inLot }) => !inLot), Object.keys(after.products))
    const raised = rememberedProducts(checked).some((product) => rejectAfter(product) > limitsOf(withoutLot, product, request).reject)
    const ownLimits = (product: string): ProductScores['limits'] => product in after.products || product in (parent.metadata.calibration.products ?? {}) ? { before: rejectBefore(product), after: rejectAfter(product) } : undefined
    const products = byProduct(parent, checked, before, { rejectBefore, ownLimits, limitOf: crossFitted(standing, checked, after, request) })
    const gate = judgeUpdate(products, limits, { mayLoseOne: !doubted && !raised, memory: roomOf(request.memory, checked, [...lot.checked.map(({ item }) => item), ...before.exemplars]), ...request.gate ?? gateDefaults })
    const answer = { ...withDoubts(gate, lot, heldBack), notices: lot.unchecked }
    let bundle = parent
    if (answer.accepted) {
      const remembered = new Set(buffer.exemplars.map(({ id }) => id))
      const lostDefects = passingSince(parent, checked, { before: rejectBefore, after: rejectAfter }).filter((id) => remembered.has(id))
      bundle = await nextBundle(parent, { ...candidate, options: { ...candidate.options, lostDefects } }, after, request, begun)
    }
    const exemplars = answer.accepted ? buffer.exemplars : before.exemplars
    const outcome: UpdateOutcome = {
      accepted: answer.accepted,
      bundle: bundle.metadata.id,
      parent: bundle.metadata.parent,
      gate: answer,
      shifts: shiftsOf([...lot.learned, ...lot.checked], before.exemplars, request.seed),
      learned: candidate.learned.length,
      learnedPictures: candidate.learned.map(({ item, by }) => ({ sha256: item.id, label: item.label, by })),
      checked: candidate.checked.length,
      heldBack,
      relabel: relabelQueue(exemplars, heldBack, inbox),
      memory: { items: exemplars.length, bytes: exemplars.reduce((sum, { bytes }) => sum + bytes, 0), classes: Object.fromEntries(countByLabel(exemplars)) },
      exemplars: contactSheet(exemplars),
      seconds: (performance.now() - begun) / 1000,
      endedAt: new Date().toISOString()
    }
    if (answer.accepted) {
      for (const { item } of candidate.checked) store.pictures.add(inbox.pictures.read(item.id) ?? new Uint8Array())
      const obeyed = new Set([...lot.removed, ...[...candidate.learned, ...candidate.checked].map(({ item }) => item.id)])
      await putInUse(request, store, { before: parent, after: bundle, memory: buffer.state, taken: inbox.waiting.filter(({ sha256 }) => obeyed.has(sha256)), learned: candidate.learned.map(({ item }) => item.id), outcome })
    }
    return outcome
  } finally {
    store.close()
  }
}

/** What a person has said anew of an exemplar takes the place of what was said before. */
function withoutRelabelled (state: BufferState, inbox: LabelInbox): BufferState {
  const relabelled = new Set(inbox.waiting.map(({ sha256 }) => sha256))
  return { ...state, exemplars: state.exemplars.filter(({ id }) => !relabelled.has(id)) }
}

/** Products with fewer good parts on a side are left out. */
const fewestToCompare = 5

function shiftsOf (lot: readonly LotPicture[], exemplars: readonly Exemplar[], seed: number): UpdateOutcome['shifts'] {
  const remembered = byLabel(exemplars.filter(({ label }) => isGoodLabel(label)))
  return [...byLabel(lot.map(({ item }) => item))].flatMap(([label, items]) => {
    const known = remembered.get(label) ?? []
    if (known.length < fewestToCompare || items.length < fewestToCompare) return []
    const { pValue } = twoSampleTest(known.map(({ features }) => features), items.map(({ features }) => features), seededRandom(seed))
    return [{ product: productOf(label), remembered: known.length, lot: items.length, pValue }]
  })
}

/** Every held-out picture, of the lot and of the memory, by both models. */
async function checkedScores (parent: ModelBundle, { model, checked }: CandidateModel, exemplars: readonly Exemplar[], store: ExemplarStore, threads: number): Promise<Checked[]> {
  const remembered = exemplars.filter(({ id }) => !checked.some(({ item }) => item.id === id))
  const images: Array<LotPicture['read']> = [...checked.map(({ read }) => read), ...remembered.map(({ id }) => () => decodeImage(store.pictures.path(id)))]
  const before = await scoresOf(parent.bytes, images, threads)
  const after = model === parent.bytes ? before : await scoresOf(model, images, threads)
  const facts = [...checked.map(({ item, by }) => ({ id: item.id, label: item.label, inLot: true, byPerson: by === 'person' })), ...remembered.map(({ id, label }) => ({ id, label, inLot: false, byPerson: false }))]
  return facts.map((fact, index) => ({ ...fact, before: before[index] as number, after: after[index] as number }))
}

/** Those with remembered parts. */
function rememberedProducts (checked: readonly Checked[]): string[] {
  return [...new Set(checked.filter(({ inLot }) => !inLot).map(({ label }) => productOf(label)))]
}

/** What the memory may hold, and what its classes need of it. */
function roomOf ({ items, bytes }: UpdateRequest['memory'], checked: readonly Checked[], pictures: ReadonlyArray<{ bytes: number }>): NonNullable<GateOptions['memory']> {
  const needed = fewestPlaces(checked.map(({ label }) => label))
  const mean = pictures.reduce((sum, picture) => sum + picture.bytes, 0) / Math.max(1, pictures.length)
  return { items, needed, bytes, neededBytes: Math.ceil(needed * mean) }
}

interface ProductLimits {
  /** Reject limits in use. */
  rejectBefore: (product: string) => number
  ownLimits: (product: string) => ProductScores['limits']
  limitOf: (part: Checked) => number
}

/**
 * A product is known when the bundle or the memory says so; of a bundle that was never updated, when most of its good parts pass. Known ones without
 * any held-out part are among them: what cannot be checked is not changed.
 */
function byProduct (parent: ModelBundle, checked: readonly Checked[], memory: BufferState, { rejectBefore, ownLimits, limitOf }: ProductLimits): ProductScores[] {
  const listed = knownProducts(parent.metadata, memory)
  const lost = lostDefectsOf(parent)
  const largest = parent.metadata.calibration.scores.at(-1) ?? Infinity
  const names = [...listed].filter((product) => typeof product === 'string')
  return [...new Set([...checked.map(({ label }) => productOf(label)), ...names])].map((product) => {
    const own = checked.filter(({ label }) => productOf(label) === product)
    const side = (good: boolean): ProductScores['good'] => {
      const some = own.filter(({ label }) => isGoodLabel(label) === good)
      return { before: some.map(({ before }) => before), after: some.map(({ after }) => after), limits: some.map(limitOf) }
    }
    const good = side(true)
    const passes = good.before.length > 0 && good.before.filter((score) => score <= largest).length >= 0.5 * good.before.length
    const lostEarlier = own.filter(({ id, before }) => lost.includes(id) && before <= rejectBefore(product)).length
    const limits = ownLimits(product)
    return { product, known: listed.has(product) || (!listsProducts(parent.metadata) && passes), good, defect: side(false), lostEarlier, ...(limits === undefined ? {} : { limits }) }
  })
}

/** Remembered defects that an accepted update has let pass: what may be lost counts from when a defect was remembered. */
function lostDefectsOf ({ metadata: { options: { lostDefects } } }: ModelBundle): JsonValue[] {
  return Array.isArray(lostDefects) ? lostDefects : []
}

function passingSince (parent: ModelBundle, checked: readonly Checked[], limits: Record<'before' | 'after', (product: string) => number>): string[] {
  const lost = lostDefectsOf(parent)
  return checked.filter(({ id, label, before, after }) => !isGoodLabel(label) && (lost.includes(id) || before > limits.before(productOf(label))) && after <= limits.after(productOf(label))).map(({ id }) => id)
}

function withDoubts (gate: GateAnswer, lot: LabelledLot, heldBack: readonly HeldBack[]): GateAnswer {
  const unlike = heldBack.filter(({ reason }) => reason === 'unlike-its-lot').length
  const contradicted = heldBack.filter(({ reason }) => contradictions.includes(reason)).length
  const labels = lot.learned.length + lot.checked.length + contradicted - unlike
  if (contradicted < 2 || contradicted <= mostContradicted * labels) return gate
  const text = `${contradicted} of ${labels} labels are contradicted by their pictures: look at them again before anything is learned from this lot`
  return refusedFor({ code: 'labels-contradicted', values: { contradicted, labels }, text }, gate)
}

async function nextBundle (parent: ModelBundle, { model, learned, checked, options }: CandidateModel, { products: ownScores, productPictures, ...common }: CalibrationOfPictures, { mode, seed }: UpdateRequest, begun: number): Promise<ModelBundle> {
  const { schema: _schema, id, graphSha256: _graph, signature: _signature, ...described } = parent.metadata
  const scorer = await Scorer.open(model, 1)
  try {
    const hashes = await Promise.all(learned.map(async ({ read }) => pixelHash(await read())))
    const known = Array.isArray(described.options.products) ? described.options.products : []
    const products = [...new Set([...known, ...[...learned, ...checked].filter(({ item }) => isGoodLabel(item.label)).map(({ item }) => productOf(item.label))])]
    return writeBundle(model, {
      ...described,
      createdAt: new Date().toISOString(),
      options: { ...described.options, ...options, products, update: mode },
      calibration: { heldOutBy: described.calibration.heldOutBy, ...common, ...(Object.keys(ownScores).length === 0 ? {} : { products: ownScores, productPictures }) },
      training: { images: described.training.images + learned.length, groups: null, imageHashes: [...new Set([...described.training.imageHashes, ...hashes])].sort(), seed, seconds: (performance.now() - begun) / 1000 },
      parent: id,
      golden: { vectors: await makeGoldenVectors((image) => scorer.run(image), described.input), relativeTolerance: goldenTolerance }
    })
  } finally {
    await scorer.close()
  }
}
