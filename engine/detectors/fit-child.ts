/** The process that fits: one request in, progress and one outcome out. */
import { constants, setPriority } from 'node:os'
import { saveBundle } from '../bundle/bundle.ts'
import { withExemplars } from '../bundle/kept-exemplars.ts'
import { asGoodpartsError } from '../errors.ts'
import { decodeImage } from '../frame/image-codec.ts'
import { fitCheckpoint } from './fit-checkpoint.ts'
import type { FitContext } from './detector.ts'
import type { FitMessage, FitOutcome, FitRequest } from './fit-process.ts'
import { fitShare } from './fit-share.ts'
import { FitWork } from './fit-work.ts'
import { detectorByFamily } from './registry.ts'
import { findSuspects } from './suspects.ts'

/** Milliseconds between two reports of progress. */
const reportEvery = 100

process.once('disconnect', () => { process.exit(1) })
process.once('message', (request: FitRequest) => { serve(request).catch(() => { process.exit(1) }) })
lowerPriority()
send({ kind: 'ready' })

async function serve (request: FitRequest): Promise<void> {
  try {
    send({ kind: 'done', outcome: await fit(request) })
  } catch (error) {
    const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_FIT_FAILED')
    send({ kind: 'failed', code, message, fix })
  }
  process.disconnect()
}

async function fit (request: FitRequest): Promise<FitOutcome> {
  const { family, images, defects = [], options, seed, output, threads = 1, suspects = false, knownOptionsOnly = false } = request
  const detector = detectorByFamily(family)
  const good = images.map(({ path, group, calibration }) => ({ name: path, group, calibration, read: () => decodeImage(path) }))
  const checkpoint = await fitCheckpoint(request)
  const whole = fitShare(family, options, detector.defaults, suspects)
  let reported = 0
  let shown = ''
  let losses: number[] = []
  const context: FitContext = {
    seed,
    threads,
    signal: new AbortController().signal,
    ...(checkpoint === null ? {} : { checkpoint }),
    defects: defects.map(({ path, group, className }) => ({ name: path, group, className, read: () => decodeImage(path) })),
    progress: (progress) => {
      if (progress.loss !== undefined) losses.push(progress.loss)
      const share = whole.reached(progress.stage, progress.done, progress.total)
      const now = performance.now()
      const rows = JSON.stringify(progress.trials ?? [])
      if (now - reported < reportEvery && rows === shown) return
      reported = now
      shown = rows
      send({ kind: 'progress', progress: { ...progress, share, ...(losses.length === 0 ? {} : { loss: losses.reduce((sum, loss) => sum + loss) / losses.length }) } })
      losses = []
    }
  }
  if (suspects) {
    const found = await findSuspects(good, new FitWork(context).under('suspects'))
    send({ kind: 'progress', progress: { stage: 'suspects', done: found.length, total: good.length, suspects: found } })
  }
  const given = knownOptionsOnly ? Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(detector.defaults, name))) : options
  const bundle = await detector.fit(good, given, context)
  await saveBundle(output, await withExemplars(bundle, good))
  await checkpoint?.remove()
  send({ kind: 'progress', progress: { stage: 'done', done: 1, total: 1, share: 1 } })
  return { path: output, metadata: bundle.metadata }
}

function send (message: FitMessage): void {
  process.send?.(message)
}

/** A line that inspects goes first. Refused in some containers; then the fit runs as everything else. */
function lowerPriority (): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Nothing is lost but speed elsewhere.
  }
}
