/** A training's state in a file: a line of JSON, padding to a multiple of four bytes, then every tensor as float32. */
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { GoodpartsError } from '../errors.ts'

export interface CheckpointState {
  /** Steps done. */
  step: number
  seed: number
  /** One per step. */
  losses: number[]
  /** Weights and moments by name. Random numbers need no state: they come from the seed and the step. */
  state: Record<string, Float32Array>
}

const format = 'goodparts.checkpoint/1'

interface Header { format: string, step: number, seed: number, losses: number[], tensors: Array<{ name: string, length: number }> }

/** Writes beside the target, flushes and renames: the file is always a whole one. */
export async function writeCheckpoint (path: string, { step, seed, losses, state }: CheckpointState): Promise<void> {
  const tensors = Object.entries(state)
  const header: Header = { format, step, seed, losses, tensors: tensors.map(([name, { length }]) => ({ name, length })) }
  const text = Buffer.from(JSON.stringify(header))
  const line = Buffer.concat([text, Buffer.alloc(3 - text.length % 4, ' '), Buffer.from('\n')])
  const temporary = `${path}.${randomUUID()}.part`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(line)
      for (const [, { buffer, byteOffset, byteLength }] of tensors) await file.writeFile(new Uint8Array(buffer, byteOffset, byteLength))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** `null` when there is no such file. @throws GOODPARTS_ARGUMENT when it is not a checkpoint or not whole. */
export async function readCheckpoint (path: string): Promise<CheckpointState | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (bytes === null) return null
  const end = bytes.indexOf('\n')
  const header = headerOf(bytes.subarray(0, Math.max(0, end)).toString())
  const floats = (bytes.length - end - 1) / 4
  if (header?.format !== format || floats !== header.tensors.reduce((sum, { length }) => sum + length, 0)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${path} to be a whole checkpoint, got another file`, { fix: 'Delete the file to begin anew.' })
  }
  // A copy from offset 0, which any typed array may view.
  const numbers = new Float32Array(Uint8Array.from(bytes.subarray(end + 1)).buffer)
  const state: Record<string, Float32Array> = {}
  let offset = 0
  for (const { name, length } of header.tensors) {
    state[name] = numbers.slice(offset, offset + length)
    offset += length
  }
  return { step: header.step, seed: header.seed, losses: header.losses, state }
}

function headerOf (text: string): Header | null {
  try {
    return JSON.parse(text) as Header
  } catch {
    return null
  }
}
