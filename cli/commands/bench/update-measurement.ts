/** From labels to the exchanged bundle, while a line runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { UpdateOutcome, UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { LineReplay } from '../../../engine/continual/line-replay.ts'
import { ModelSlot, type ModelSlotOptions } from '../../../engine/decision/model-slot.ts'
import { encodePng, type RawImage } from '../../../engine/frame/image-codec.ts'
import type { Verdict } from '../../../schemas/inspection.ts'
import { RunningLine, type Latency, type LineSettings } from './update-line.ts'

export interface LabelledPart { product: string, partId: string, read: () => Promise<RawImage> }

export interface UpdateMeasurement {
  /** Seconds: labels kept; the update's process begun, pictures embedded and learned; its gate; the bundle exchanged. */
  stages: { label: number, update: number, gate: number, swap: number }
  /** From the first label to the first verdict of the new bundle; to the refusal when it is refused. */
  totalSeconds: number
  outcome: Pick<UpdateOutcome, 'accepted' | 'bundle' | 'parent' | 'learned' | 'checked'> & { reasons: string[], heldBack: number }
  frames: number
  verdicts: Record<Verdict, number>
  /** Frames that were not judged. */
  lost: number
  latency: { before: Latency, during: Latency }
}

export interface UpdateSubject {
  request: UpdateRequest
  labels: readonly LabelledPart[]
  line: LineSettings
  slot: ModelSlotOptions
  /** How long the line runs before. */
  seconds: number
}

/** The first verdicts pay for starting. */
const WARM_MS = 1000

export async function measureUpdate ({ request, labels, line: settings, slot: options, seconds }: UpdateSubject): Promise<UpdateMeasurement> {
  const slot = new ModelSlot({ ...options, reviewRate: request.reviewRate, rejectRate: request.rejectRate })
  await slot.swap(request.bundle)
  const line = new RunningLine(slot, settings)
  const replay = new LineReplay({ request, updateAfter: 0, learnFromLineEveryMs: null, driftRate: 0.001 })
  // Pictures are the camera's already when a person labels them.
  const parts = await Promise.all(labels.map(async ({ read, ...said }) => ({ said, image: await read() })))
  try {
    await line.verdictAfter(0)
    await sleep(WARM_MS)
    const before = performance.now()
    await sleep(1000 * seconds)
    const begun = performance.now()
    await line.verdictAfter(before)

    for (const { said, image } of parts) await replay.labelPicture(await encodePng(image, 1), { ...said, label: 'good', by: 'person' }, null)
    const labelled = performance.now()
    const { outcome, checking } = await updated(replay)
    const answered = performance.now()
    if (outcome.accepted) await slot.swap(request.bundle)
    const swapped = performance.now()
    if (outcome.accepted) await line.verdictAfter(answered, outcome.bundle)
    const over = performance.now()

    const latency = { before: line.latency(before, begun), during: line.latency(begun, over) }
    const { frames, verdicts } = await line.end()
    const { accepted, bundle, parent, learned, checked, gate, heldBack } = outcome
    return {
      stages: { label: (labelled - begun) / 1000, update: (checking - labelled) / 1000, gate: (answered - checking) / 1000, swap: (swapped - answered) / 1000 },
      totalSeconds: (over - begun) / 1000,
      outcome: { accepted, bundle, parent, learned, checked, reasons: gate.reasons, heldBack: heldBack.length },
      frames,
      verdicts,
      lost: frames - verdicts.good - verdicts.review - verdicts.reject,
      latency
    }
  } finally {
    await line.end()
    await replay.close()
    await slot.close()
  }
}

async function updated (replay: LineReplay): Promise<{ outcome: UpdateOutcome, checking: number }> {
  let checking = NaN
  replay.on('progress', (stage) => { if (stage === 'checking') checking = performance.now() })
  return await new Promise((resolve, reject) => {
    replay.once('updated', (outcome) => { resolve({ outcome, checking }) })
    replay.once('failed', reject)
    replay.update()
  })
}
