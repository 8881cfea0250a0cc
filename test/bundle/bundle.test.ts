import { mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metadataKey, readBundle, saveBundle, writeBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { readMetadata, withMetadata } from '../../engine/graph/metadata.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import { brightnessBundle, brightnessGraph, description } from '../runtime/brightness-bundle.ts'
import { mountSmallDisk } from '../small-disk.ts'

let folder: string
let bundle: ModelBundle

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-bundle-'))
  bundle = await brightnessBundle()
})

afterAll(() => { rmSync(folder, { recursive: true }) })

describe('a bundle', () => {
  it('is read back as it was written, and runs in any ONNX Runtime', async () => {
    const path = join(folder, 'deeper', 'plates.onnx')
    await saveBundle(path, bundle)
    const read = await readBundle(path)
    expect(read.metadata).toEqual(bundle.metadata)
    expect(readdirSync(join(folder, 'deeper'))).toEqual(['plates.onnx'])
    const session = await openSession(path)
    expect(session.outputNames).toEqual(['score', 'map'])
    await session.close()
  })

  it('keeps no other metadata and has an id that depends on graph and metadata only', () => {
    const graph = withMetadata(brightnessGraph(), { producer: 'somebody' })
    const one = writeBundle(graph, description())
    expect(readMetadata(one.bytes)).toEqual({ [metadataKey]: JSON.stringify(one.metadata) })
    const reordered = Object.fromEntries(Object.entries(description()).reverse()) as unknown as ReturnType<typeof description>
    expect(writeBundle(brightnessGraph(), reordered).metadata.id).toBe(one.metadata.id)
    expect(writeBundle(brightnessGraph(), description({ name: 'other' })).metadata.id).not.toBe(one.metadata.id)
    expect(writeBundle(brightnessGraph({ factor: 2 }), description()).metadata.id).not.toBe(one.metadata.id)
  })

  it('replaces a file of the same name at once', async () => {
    const path = join(folder, 'replaced.onnx')
    await saveBundle(path, bundle)
    await saveBundle(path, writeBundle(brightnessGraph(), description({ name: 'second' })))
    expect((await readBundle(path)).metadata.name).toBe('second')
  })
})

it('leaves the earlier bundle on a disk that is full, and names it', async ({ skip }) => {
  const disk = mountSmallDisk('4k')
  if (disk === null) return skip('no small disk')
  try {
    const path = join(disk.path, 'plates.onnx')
    writeFileSync(path, 'earlier')
    await expect(saveBundle(path, bundle)).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED', message: expect.stringMatching(/^Expected \S+plates\.onnx to be writable, got: ENOSPC/) as string, fix: expect.stringContaining('Free room') as string })
    expect(readFileSync(path, 'utf8')).toBe('earlier')
    expect(readdirSync(disk.path)).toEqual(['plates.onnx'])
  } finally {
    disk.end()
  }
})

describe('refuses', () => {
  const changed = (edit: (metadata: Record<string, unknown>) => void): Uint8Array => {
    const metadata = JSON.parse(JSON.stringify(bundle.metadata)) as Record<string, unknown>
    edit(metadata)
    return withMetadata(bundle.bytes, { [metadataKey]: JSON.stringify(metadata) })
  }
  const cases: Array<[string, () => Uint8Array, RegExp]> = [
    ['garbage', () => Buffer.from('This is no model at all, only words.'), /to be an ONNX file|to be a bundle/],
    ['nothing', () => new Uint8Array(0), /metadata entry "goodparts", got none/],
    ['half a file', () => bundle.bytes.subarray(0, bundle.bytes.byteLength / 2), /to be an ONNX file|to be a bundle/],
    ['another ONNX file', () => brightnessGraph(), /metadata entry "goodparts", got none/],
    ['metadata that is no JSON', () => withMetadata(bundle.bytes, { [metadataKey]: '{' }), /to be JSON/],
    ['metadata of another schema', () => changed((metadata) => { metadata.calibration = { scores: 'many' } }), /^Expected bundle\.calibration.*in the metadata of/],
    ['scores that were changed', () => changed((metadata) => { (metadata.calibration as { scores: number[] }).scores = [9] }), /metadata of .* to have the hash .*changed or damaged/],
    ['a graph that was exchanged', () => withMetadata(brightnessGraph({ factor: 2 }), readMetadata(bundle.bytes)), /graph of .* to have the hash .*changed or damaged/]
  ]

  it.each(cases)('%s', async (_name, make, message) => {
    await expect(readBundle(make())).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringMatching(message) as string })
  })

  it('an ONNX file that is no bundle, and advises in whole sentences', async () => {
    await expect(readBundle(brightnessGraph())).rejects.toMatchObject({ fix: 'Make bundles with goodparts fit or the fit node. A plain ONNX model is not one.' })
  })

  it('every file with one flipped byte', async () => {
    const { bytes } = bundle
    for (let place = 0; place < bytes.byteLength; place += 7) {
      const flipped = Uint8Array.from(bytes)
      flipped[place] = (flipped[place] as number) ^ 0x20
      await expect(readBundle(flipped), `byte ${place}`).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID' })
    }
  })

  it('a file larger than allowed, before reading it', async () => {
    const path = join(folder, 'large.onnx')
    writeFileSync(path, bundle.bytes)
    await expect(readBundle(path, { maximumBytes: 100 })).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('at most 100 bytes') as string })
  })

  it('a file that is not there, a folder, and a description that is not of its schema', async () => {
    await expect(readBundle(join(folder, 'nowhere.onnx'))).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('nowhere.onnx to be a bundle file, got nothing there') as string, fix: expect.stringContaining('goodparts fit') as string })
    await expect(readBundle(folder)).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('got a folder') as string })
    expect(() => writeBundle(brightnessGraph(), description({ createdAt: 'yesterday' }))).toThrow(/createdAt/)
  })

  it('to leave half a file behind when it cannot write', async () => {
    const path = join(folder, 'taken')
    await saveBundle(join(path, 'inside.onnx'), bundle)
    await expect(saveBundle(path, bundle)).rejects.toThrow()
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(readFileSync(join(path, 'inside.onnx'))).toHaveLength(bundle.bytes.byteLength)
  })
})
