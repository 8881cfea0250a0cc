/** Remembers how a kind of bundle runs best on this machine, so that a restart or a swap does not measure again. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus, homedir } from 'node:os'
import { join } from 'node:path'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { makeFolder } from '../make-folder.ts'
import { writeWhole } from '../whole-file.ts'
import type { ChoiceRequest } from './device-choice.ts'
import type { DeviceChoice } from './loaded-model.ts'

/** Files that come and go with a graphics processor's driver. */
const driverFiles = ['/dev/nvidiactl', '/dev/dri/renderD128']
const fileName = 'device-choices.json'
/** A line that starts always times beside its own camera: it would measure at each start, and inspect nothing meanwhile. */
const DISTURBED_FOR_MS = 24 * 60 * 60 * 1000

/** As kept. */
type Remembered = DeviceChoice & { measuredAt?: string }

export function defaultCacheFolder (environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'goodparts')
}

/** What a bundle's options say of what it has learned since it was fitted; an adapter, which costs, says so as `lights`. */
const learnedOptions = ['products', 'update']

/** Equal for bundles of equal cost on one machine: the same family, resolved options and geometry, whatever they have learned. */
export function choiceKey ({ family, options, input, map }: BundleMetadata, request: ChoiceRequest, runtimeVersion: string): string {
  const processors = cpus()
  const machine = { processor: processors[0]?.model, cores: processors.length, platform: process.platform, architecture: process.arch, drivers: driverFiles.filter((file) => existsSync(file)) }
  const costly = Object.fromEntries(Object.entries(options).filter(([name]) => !learnedOptions.includes(name)))
  return createHash('sha256').update(JSON.stringify({ machine, runtimeVersion, request, family, options: costly, input, map })).digest('hex').slice(0, 32)
}

/** One that was timed beside other work is given for a day only. */
export async function rememberedChoice (folder: string, key: string): Promise<DeviceChoice | undefined> {
  const { measuredAt, ...choice } = (await readChoices(folder))[key] ?? {}
  if (!isChoice(choice)) return undefined
  return choice.disturbed === true && !(Date.now() - Date.parse(measuredAt ?? '') < DISTURBED_FOR_MS) ? undefined : choice
}

/** A cache that cannot be written costs a second at the next start, nothing else. */
export async function rememberChoice (folder: string, key: string, choice: DeviceChoice): Promise<void> {
  try {
    makeFolder(folder)
    await writeWhole(join(folder, fileName), [JSON.stringify({ ...await readChoices(folder), [key]: { ...choice, measuredAt: new Date().toISOString() } }, null, 2)])
  } catch {
    // Measured again next time.
  }
}

async function readChoices (folder: string): Promise<Record<string, Remembered>> {
  try {
    const found: unknown = JSON.parse(await readFile(join(folder, fileName), 'utf8'))
    if (found === null || typeof found !== 'object') return {}
    return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, Remembered] => isChoice(entry[1])))
  } catch {
    return {}
  }
}

function isChoice (value: unknown): value is DeviceChoice {
  const { device, threads, workers, reason, trials } = (value ?? {}) as Partial<Record<keyof DeviceChoice, unknown>>
  return typeof device === 'string' && Number.isInteger(threads) && Number.isInteger(workers) && typeof reason === 'string' && Array.isArray(trials)
}
