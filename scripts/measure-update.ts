/**
 * Measures good-only continual updates: fits a patch memory on the first data set, then lets the next products in one by one through the gate,
 * each with as many confirmed good parts. Prints AUROC on old, new and all products after each step beside a fit on everything so far.
 *
 *     node scripts/measure-update.ts --labels 60 DATASET DATASET …
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readBundle } from '../engine/bundle/bundle.ts'
import type { UpdateRequest } from '../engine/continual/detector-update/update-detector.ts'
import { updateInProcess } from '../engine/continual/detector-update/update-process.ts'
import { LabelInbox } from '../engine/continual/label-inbox.ts'
import { fitInProcess } from '../engine/detectors/fit-process.ts'
import { Scorer } from '../engine/detectors/scorer.ts'
import { auroc } from '../engine/evaluation/auroc.ts'
import { goodImages, readDataset, testEntries, type Dataset } from '../engine/evaluation/dataset.ts'
import { decodeImage } from '../engine/frame/image-codec.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { labels: { type: 'string', default: '60' }, defects: { type: 'string', default: '20' }, memory: { type: 'string', default: '200' }, bank: { type: 'string', default: '1000' }, size: { type: 'string', default: '224' }, scale: { type: 'string', default: 'standard' } }
})
const labels = Number(values.labels)
const defects = Number(values.defects)
const options = { scale: values.scale, size: Number(values.size), bankSize: Number(values.bank), components: 64, whitening: false, normalisation: 'backbone' }
const sets = await Promise.all(positionals.map(readDataset))
const folder = await mkdtemp(join(tmpdir(), 'goodparts-measure-update-'))
const request: UpdateRequest = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: Number(values.memory), bytes: 1e9 }, inbox: { items: 5000, bytes: 1e9 }, mode: 'extend', reviewRate: 0.05, rejectRate: 0.005, seed: 0 }

/** Defects at even places are labelled, those at odd places tested on. */
const tested = (set: Dataset): ReturnType<typeof testEntries> => testEntries(set).filter(({ isGood }, index) => isGood || index % 2 === 1)

async function scoresOf (bundle: string, set: Dataset): Promise<{ good: number[], defect: number[] }> {
  const scorer = await Scorer.open((await readBundle(bundle)).bytes, 1)
  const found = { good: [] as number[], defect: [] as number[] }
  for (const { path, isGood } of tested(set)) found[isGood ? 'good' : 'defect'].push(await scorer.score(await decodeImage(path)))
  await scorer.close()
  return found
}

async function report (what: string, bundle: string, seen: readonly Dataset[]): Promise<void> {
  const scores: Array<{ good: number[], defect: number[] }> = []
  for (const set of seen) scores.push(await scoresOf(bundle, set))
  const area = (good: number[], defect: number[]): string => auroc(good, defect)?.toFixed(4) ?? '–'
  const each = seen.map(({ name }, index) => `${name} ${area(scores[index]?.good ?? [], scores[index]?.defect ?? [])}`)
  process.stdout.write(`${what}: ${each.join(', ')}; pooled ${area(scores.flatMap(({ good }) => good), scores.flatMap(({ defect }) => defect))}\n`)
}

async function label (set: Dataset): Promise<void> {
  const inbox = new LabelInbox(join(folder, 'inbox'), request.inbox)
  const said = { product: set.name, partId: null, by: 'person', pValue: null, inDrift: false } as const
  const good = goodImages(set)
  for (const { name, group } of good.filter((_, index) => index % Math.ceil(good.length / labels) === 0)) await inbox.add(await readFile(name), { ...said, label: 'good', partId: group })
  const bad = testEntries(set).filter(({ isGood }, index) => !isGood && index % 2 === 0)
  for (const { path, group } of bad.filter((_, index) => index % Math.ceil(bad.length / defects) === 0)) await inbox.add(await readFile(path), { ...said, label: 'defect', partId: group })
}

async function fit (seen: readonly Dataset[], output: string): Promise<void> {
  await fitInProcess({ family: 'patch-memory', images: seen.flatMap(goodImages).map(({ name, group, calibration }) => ({ path: name, group, calibration })), options, seed: 0, output })
}

try {
  const [first, ...others] = sets
  if (first === undefined) throw new Error('Expected data sets, got none')
  await fit([first], request.bundle)
  await report('fit', request.bundle, [first])
  for (const [index, set] of [first, ...others].entries()) {
    const seen = sets.slice(0, index + 1)
    await label(set)
    const outcome = await updateInProcess(request)
    process.stdout.write(`${set.name}: ${outcome.accepted ? 'accepted' : `refused (${outcome.gate.reasons.join('; ')})`}, ${outcome.learned} learned, ${outcome.checked} kept to check, ${outcome.heldBack.length} held back, ${outcome.seconds.toFixed(1)} s\n`)
    await report('updated', request.bundle, seen)
    if (index === 0) continue
    const offline = join(folder, 'offline.onnx')
    await fit(seen, offline)
    await report('fitted on everything', offline, seen)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
