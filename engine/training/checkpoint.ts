/**
 * What a fit has reached, in a file: a line of JSON, padding to a multiple of four bytes, then every tensor as float32. It holds the choices made
 * so far and the state of the training, so that a fit that was killed goes on where it stopped and ends where it would have ended.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GoodpartsError } from '../errors.ts'
import { isUnfinished, writeWhole } from '../whole-file.ts'

export interface TrainingState {
  /** Steps done. */
  step: number
  seed: number
  /** One per step. */
  losses: number[]
  /** Weights and moments by name. Random numbers need no state: they come from the seed and the step. */
  state: Record<string, Float32Array>
}

export interface CheckpointOptions {
  /** Names the work that it is of: a file of another work is refused. */
  of: string
  /** Steps of the training between two writings. */
  every: number
}

const format = 'goodparts.checkpoint/2'

interface Header {
  format: string
  of: string
  choices: Record<string, unknown>
  training: (Omit<TrainingState, 'state'> & { tensors: Array<{ name: string, length: number }> }) | null
}

interface Content { of: string, choices: Record<string, unknown>, training: TrainingState | null }

export class Checkpoint {
  readonly every: number
  /** Whether there was a file to go on from. */
  readonly isResumed: boolean
  readonly #path: string
  readonly #content: Content

  private constructor (path: string, every: number, content: Content, isResumed: boolean) {
    this.#path = path
    this.every = every
    this.isResumed = isResumed
    this.#content = content
  }

  /** Where there is no file yet, nothing is reached yet. @throws GOODPARTS_ARGUMENT when the file is no checkpoint, not whole, or of other work. */
  static async open (path: string, { of, every }: CheckpointOptions): Promise<Checkpoint> {
    const found = await readContent(path)
    if (found !== null && found.of !== of) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a checkpoint of the same work, got one of other pictures, options, network, seed, device or version`, { fix })
    return new Checkpoint(path, every, found ?? { of, choices: {}, training: null }, found !== null)
  }

  get path (): string {
    return this.#path
  }

  /** What the training has reached; `null` before its first checkpoint. */
  get training (): TrainingState | null {
    return this.#content.training
  }

  async keepTraining (training: TrainingState): Promise<void> {
    this.#content.training = training
    await writeContent(this.#path, this.#content)
  }

  /** What `choose` gave when it was asked before, else what it gives now. It must survive JSON. */
  async remember<Choice> (name: string, choose: () => Promise<Choice>): Promise<Choice> {
    const { choices } = this.#content
    if (!Object.hasOwn(choices, name)) {
      choices[name] = await choose()
      await writeContent(this.#path, this.#content)
    }
    return choices[name] as Choice
  }

  /** Takes the file away once it is no longer needed, and what a process left that was killed while it wrote. */
  async remove (): Promise<void> {
    const folder = dirname(this.#path)
    const left = (await readdir(folder)).filter((name) => isUnfinished(name, this.#path))
    await Promise.all([this.#path, ...left.map((name) => join(folder, name))].map((path) => rm(path, { force: true })))
  }
}

const fix = 'Delete the file to begin anew.'

/** The file is always a whole one. @throws GOODPARTS_STORE_FAILED */
async function writeContent (path: string, { of, choices, training }: Content): Promise<void> {
  const tensors = Object.entries(training?.state ?? {})
  const header: Header = {
    format,
    of,
    choices,
    training: training === null ? null : { step: training.step, seed: training.seed, losses: training.losses, tensors: tensors.map(([name, { length }]) => ({ name, length })) }
  }
  const text = Buffer.from(JSON.stringify(header))
  const line = Buffer.concat([text, Buffer.alloc(3 - text.length % 4, ' '), Buffer.from('\n')])
  await writeWhole(path, [line, ...tensors.map(([, { buffer, byteOffset, byteLength }]) => new Uint8Array(buffer, byteOffset, byteLength))])
}

async function readContent (path: string): Promise<Content | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (bytes === null) return null
  const end = bytes.indexOf('\n')
  const header = headerOf(bytes.subarray(0, Math.max(0, end)).toString())
  const tensors = header?.training?.tensors ?? []
  if (header?.format !== format || (bytes.length - end - 1) / 4 !== tensors.reduce((sum, { length }) => sum + length, 0)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a whole checkpoint, got another file`, { fix })
  }
  // A copy from offset 0, which any typed array may view.
  const numbers = new Float32Array(Uint8Array.from(bytes.subarray(end + 1)).buffer)
  const state: Record<string, Float32Array> = {}
  let offset = 0
  for (const { name, length } of tensors) {
    state[name] = numbers.slice(offset, offset + length)
    offset += length
  }
  const { of, choices, training } = header
  return { of, choices, training: training === null ? null : { step: training.step, seed: training.seed, losses: training.losses, state } }
}

function headerOf (text: string): Header | null {
  try {
    return JSON.parse(text) as Header
  } catch {
    return null
  }
}
