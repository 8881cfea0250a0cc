/** The process that fits: one request in, progress and one outcome out. */
import { saveBundle } from '../bundle/bundle.ts'
import { withExemplars } from '../bundle/kept-exemplars.ts'
import { decodeImage } from '../frame/image-codec.ts'
import { fitCheckpoint } from './fit-checkpoint.ts'
import { serveParent } from '../process-of-its-own.ts'
import { chooseTrainingDevice } from '../training/training-device.ts'
import type { FitContext, FitProgress } from './detector.ts'
import type { FitJob, FitOutcome, FitRequest } from './fit-process.ts'
import { fitShare } from './fit-share.ts'
import { FitWork } from './fit-work.ts'
import { detectorByFamily } from './registry.ts'
import { findSuspects } from './suspects.ts'

/** Milliseconds between two reports of progress. */
const reportEvery = 100

serveParent<FitJob>(fit)

async function fit (request: FitRequest, report: (progress: FitProgress) => void): Promise<FitOutcome> {
  const { family, images, defects = [], options, seed, output, threads = 1, device = 'cpu', suspects = false, knownOptionsOnly = false } = request
  const detector = detectorByFamily(family)
  const good = images.map(({ path, group, calibration }) => ({ name: path, group, calibration, read: () => decodeImage(path) }))
  const checkpoint = await fitCheckpoint(request)
  if (checkpoint?.isResumed === true) report({ stage: 'checkpoint', done: 1, total: 1, resumed: true })
  const chosen = async (): ReturnType<typeof chooseTrainingDevice> => {
    if (device !== 'cpu') report({ stage: 'devices', done: 0, total: 1 })
    return chooseTrainingDevice(device, threads)
  }
  const trainsOn = await (checkpoint === null ? chosen() : checkpoint.remember('device', chosen))
  if (device !== 'cpu') report({ stage: 'devices', done: 1, total: 1, device: trainsOn.reason })
  const whole = fitShare(family, options, detector.defaults, suspects)
  let reported = 0
  let shown = ''
  let losses: number[] = []
  const context: FitContext = {
    seed,
    threads,
    device: trainsOn.device,
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
      report({ ...progress, share, ...(losses.length === 0 ? {} : { loss: losses.reduce((sum, loss) => sum + loss) / losses.length }) })
      losses = []
    }
  }
  if (suspects) {
    const found = await findSuspects(good, new FitWork(context).under('suspects'))
    report({ stage: 'suspects', done: found.length, total: good.length, suspects: found })
  }
  const given = knownOptionsOnly ? Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(detector.defaults, name))) : options
  const bundle = await detector.fit(good, given, context)
  await saveBundle(output, await withExemplars(bundle, good))
  await checkpoint?.remove()
  report({ stage: 'done', done: 1, total: 1, share: 1 })
  return { path: output, metadata: bundle.metadata }
}
