/** A replay buffer with three pictures in its memory and one that was held back, as an update leaves it. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UpdateOutcome } from '../../engine/continual/detector-update/update-detector.ts'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { openSampleLine } from '../live/sample-line.ts'

/** To be closed. `folder` is that of the replay buffer. */
export async function openFilledReplay (folder: string): Promise<LineReplay> {
  const line = await openSampleLine('Plates 1')
  const pictures = await Promise.all(Array.from({ length: 4 }, async (_, index) => {
    const { frame } = index === 2 ? line.nextReject() : line.next()
    return await encodePng({ data: frame.pixels(), width: frame.width, height: frame.height, channels: frame.channels }, 1)
  }))
  const exemplars = pictures.slice(0, 3).map((picture, index) => {
    const sha256 = createHash('sha256').update(picture).digest('hex')
    mkdirSync(join(folder, 'memory', 'pictures'), { recursive: true })
    writeFileSync(join(folder, 'memory', 'pictures', `${sha256}.img`), picture)
    return { sha256, label: index === 2 ? 'plate/scratch' : 'plate/good', reason: `step ${index + 1}: keeps SNNL as against all 40 of its class`, snnl: 0.2 + index }
  })
  const replay = lineOf(folder)
  const held = await replay.labelPicture(pictures[3] as Buffer, { product: 'plate', label: 'scratch', partId: null, by: 'person' }, null)
  const outcome: UpdateOutcome = {
    accepted: false,
    bundle: '0123456789abcdef',
    parent: null,
    gate: { accepted: false, reasons: ['plate: 65.0 % of known defects rejected, before 70.0 %', 'the disk was full'], objections: [{ code: 'defects-passed', values: { product: 'plate', before: 0.7, after: 0.65 }, text: 'plate: 65.0 % of known defects rejected, before 70.0 %' }], products: [{ product: 'plate', known: true, good: 40, defects: 20, falseRejects: { before: 0.02, after: 0.01 }, caught: { before: 0.7, after: 0.65 }, auroc: { before: 0.977, after: 0.945 } }], limits: { before: { review: 1, reject: 1.3 }, after: { review: 1, reject: 1.2 } } },
    shifts: [],
    learned: 30,
    checked: 20,
    heldBack: [],
    relabel: [{ sha256: held, label: 'plate/scratch', place: 'inbox', snnl: 3.1, text: 'labelled plate/scratch, but unlike the rest of its lot', code: 'unlike-its-lot', values: { label: 'plate/scratch' } }],
    memory: { items: 3, bytes: 1, classes: { 'plate/good': 2, 'plate/scratch': 1 } },
    exemplars,
    seconds: 22
  }
  writeFileSync(join(folder, 'last-update.json'), JSON.stringify(outcome))
  await replay.recall()
  return replay
}

/** The same again, after it was closed. */
export async function reopenReplay (folder: string): Promise<LineReplay> {
  const replay = lineOf(folder)
  await replay.recall()
  return replay
}

function lineOf (folder: string): LineReplay {
  const request = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 40, bytes: 1e9 }, inbox: { items: 200, bytes: 1e9 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 } as const
  return new LineReplay({ request, updateAfter: 0, learnFromLineEveryMs: null, driftRate: 0.001 })
}
