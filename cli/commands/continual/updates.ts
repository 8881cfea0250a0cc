/** `goodparts continual --detector`: a detector that learns from good parts only, updated as a line updates it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { replayPolicyByName } from '../../../engine/continual/buffers/registry.ts'
import { updateModes, type UpdateMode } from '../../../engine/continual/detector-update/candidate-model.ts'
import { protocolByName } from '../../../engine/continual/protocol/protocols.ts'
import { runUpdates } from '../../../engine/continual/protocol/run-updates.ts'
import { linePictures, planUpdates, type UpdateTask } from '../../../engine/continual/protocol/update-tasks.ts'
import { detectorByFamily } from '../../../engine/detectors/registry.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import type { ContinualUpdatesReport, UpdateRun } from '../../../schemas/continual-updates.ts'
import { measuredOn } from '../../measured-on.ts'
import type { Settings } from '../../option-values.ts'
import { printReport } from '../../print-report.ts'
import { Progress } from '../../progress.ts'
import { updatesPage } from './updates-page.ts'
import { updatesText } from './updates-summary.ts'

export interface UpdatesOptions {
  detector?: string
  protocol: string
  mode: string[]
  policies: string[]
  memory: number[]
  seeds: number
  labels: number
  defects: number
  bank: number
  size?: number
  scale: string
  largestDrop: number
  set: Settings
  json?: string
  report?: string
}

/** Options that belong to one of the two comparisons, by their names in the program. */
const ofClassifiers = ['head', 'noise', 'crops', 'classesPerTask', 'train', 'test', 'features']
const ofDetectors = ['mode', 'labels', 'defects', 'bank', 'scale', 'largestDrop', 'set']
/** Where nothing is said, of a patch memory. */
const usualSize = 224
const usualMemory = 200
const usualPolicy = 'snnl-preserving'

/** @throws GOODPARTS_ARGUMENT for an option that was given and that the chosen comparison does not have */
export function checkOptions (command: Command, isDetector: boolean): void {
  const wrong = (isDetector ? ofClassifiers : ofDetectors).find((name) => command.getOptionValueSource(name) === 'cli')
  if (wrong === undefined) return
  const flag = command.options.find((option) => option.attributeName() === wrong)?.long ?? wrong
  throw new GoodpartsError('GOODPARTS_ARGUMENT', isDetector ? `Expected options of a detector's updates, got ${flag}, which is of classifiers` : `Expected options of classifiers, got ${flag}, which is of a detector's updates`,
    { fix: isDetector ? `Leave ${flag} or --detector away.` : `Leave ${flag} away, or add --detector patch-memory.` })
}

export async function continualUpdates (datasets: readonly string[], options: UpdatesOptions & { detector: string }, command: Command, signal: AbortSignal): Promise<void> {
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const protocol = protocolByName(options.protocol)
  const { family } = detectorByFamily(options.detector)
  const modes = options.mode.map((name) => modeOf(name, family))
  const policy = only('policies', given('policies') ? options.policies : [usualPolicy])
  replayPolicyByName(policy)
  const memory = only('memory', given('memory') ? options.memory : [usualMemory])
  const seeds = given('seeds') ? options.seeds : 1
  const pictures = await linePictures(datasets, protocol)
  const tasksOf = (seed: number): UpdateTask[] => planUpdates(pictures, options, seed)
  const described = tasksOf(0).map(({ name, fitted, calibration, labelled, test }) => {
    const good = labelled.filter(({ isGood }) => isGood).length
    const testGood = test.filter(({ isGood }) => isGood).length
    return { name, fitted: fitted.length + calibration.length, good, defects: labelled.length - good, testGood, testDefects: test.length - testGood }
  })
  const settings: ContinualUpdatesReport['options'] = { scale: options.scale, size: options.size ?? usualSize, bankSize: options.bank, components: 64, whitening: false, normalisation: 'backbone', ...options.set }
  const progress = new Progress()
  const runs: UpdateRun[] = []
  try {
    for (let seed = 0; seed < seeds; seed++) {
      const folder = await mkdtemp(join(tmpdir(), 'goodparts-continual-'))
      try {
        runs.push(...await runUpdates({
          tasks: tasksOf(seed),
          modes,
          family,
          options: settings,
          policy,
          memory,
          largestDrop: options.largestDrop,
          seed,
          folder,
          signal,
          progress: (stage, done, total) => { progress.update(seeds === 1 ? stage : `seed ${seed}, ${stage}`, done, total) }
        }))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  } finally {
    progress.clear()
  }
  await printReport({
    schema: 'goodparts.continual-updates/1',
    createdAt: new Date().toISOString(),
    protocol: `${datasets.join(', ')}: ${protocol.description}`,
    detector: family,
    options: settings,
    policy,
    memory,
    largestDrop: options.largestDrop,
    tasks: described,
    seeds,
    runs,
    command: ['goodparts', ...process.argv.slice(2)].join(' '),
    ...await measuredOn()
  }, options, { asPage: updatesPage, asText: updatesText })
}

function modeOf (name: string, family: string): UpdateMode {
  const mode = updateModes.find((known) => known === name)
  if (mode === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --mode to be of ${updateModes.join(', ')}, got ${name}`)
  if (mode === 'extend' && family !== 'patch-memory') {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --detector patch-memory, whose bank alone can be extended, got ${family}`, { fix: 'Use --mode recalibrate or adapt, which work with every detector.' })
  }
  return mode
}

function only<Value> (option: string, values: readonly Value[]): Value {
  const [first, ...others] = values
  if (first === undefined || others.length > 0) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected one value of --${option} with --detector, got ${values.length}`, { fix: 'Run the command once for each.' })
  }
  return first
}
