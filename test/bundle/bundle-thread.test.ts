import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readBundle, saveBundle, writeBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { readBundleInThread } from '../../engine/bundle/bundle-thread.ts'
import { brightnessGraph, description } from '../runtime/brightness-bundle.ts'

let folder: string
let path: string
let bundle: ModelBundle

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-bundle-'))
  path = join(folder, 'bundle.onnx')
  bundle = writeBundle(brightnessGraph(), description())
  await saveBundle(path, bundle)
})

afterAll(() => { rmSync(folder, { recursive: true }) })

it('reads what readBundle reads, from a path and from bytes, in a thread that ends', async () => {
  const ends: Array<Promise<unknown>> = []
  const seen = (worker: Worker): void => { ends.push(new Promise((resolve) => worker.once('exit', resolve))) }
  process.on('worker', seen)
  const expected = await readBundle(path)
  for (const source of [path, bundle.bytes]) {
    const { bytes, metadata } = await readBundleInThread(source)
    expect(metadata).toEqual(expected.metadata)
    expect(Buffer.compare(bytes, expected.bytes)).toBe(0)
  }
  process.off('worker', seen)
  // The caller's bytes are still the caller's.
  expect(bundle.bytes.byteLength).toBeGreaterThan(0)
  expect(await Promise.all(ends)).toEqual([0, 0])
})

it('tells what is wrong with a file, and its fix', async () => {
  const damaged = join(folder, 'damaged.onnx')
  const bytes = new Uint8Array(bundle.bytes)
  const place = Buffer.from(bytes).indexOf('brightness')
  bytes[place] = 'B'.charCodeAt(0)
  writeFileSync(damaged, bytes)
  await expect(readBundleInThread(damaged)).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('changed or damaged') as string, fix: expect.stringContaining('fit it again') as string })
  await expect(readBundleInThread(path, { maximumBytes: 100 })).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('at most 100 bytes') as string })
  await expect(readBundleInThread(join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
})
