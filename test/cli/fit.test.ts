import type { ChildProcess } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBundle } from '../../engine/bundle/bundle.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { goodPart } from '../detectors/good-parts.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder = ''

async function pictures (name: string, count: number): Promise<string> {
  await mkdir(join(folder, name), { recursive: true })
  await Promise.all(Array.from({ length: count }, async (_, index) => { await writeFile(join(folder, name, `${index}.png`), await encodePng(goodPart(index))) }))
  return join(folder, name)
}

beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'goodparts-cli-fit-')) })
afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

const quick = ['--scale', 'fine', '--size', '64', '--bank', '30', '--set', 'normalisation=backbone', '--set', 'whitening=true']

describe('goodparts fit', { timeout: 120_000 }, () => {
  it('learns from a plain folder, prints the limits and writes the bundle and its description', async () => {
    const output = join(folder, 'bundle.onnx')
    const json = join(folder, 'bundle.json')
    const ran = await runGoodparts(['fit', await pictures('good', 24), '-o', output, '--json', json, '--seed', '5', ...quick])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toMatch(/learned from 14 pictures, calibrated on 10 others/)
    expect(ran.stdout).toMatch(/Reject limit .* cannot be promised/)
    const { metadata } = await readBundle(output)
    expect(metadata).toMatchObject({ training: { seed: 5 }, options: { size: 64, bankSize: 30 } })
    const described = JSON.parse(await readFile(json, 'utf8')) as BundleMetadata
    expect(described.id).toBe(metadata.id)
  })

  it('counts pictures only, and names what it leaves out', async () => {
    const mixed = await pictures('mixed', 3)
    await Promise.all(['notes.txt', 'list.xlsx', 'a.gif', 'b.bmp', '.hidden'].map(async (name) => { await writeFile(join(mixed, name), 'no picture') }))
    const { stderr } = await runGoodparts(['fit', mixed, '-o', join(folder, 'mixed.onnx'), ...quick])
    expect(stderr).toContain(`3 pictures in ${mixed}; 4 files are no pictures: a.gif, b.bmp, list.xlsx, …\n`)
  })

  it.runIf(process.platform === 'linux')('says where train steps run, refuses a device that cannot, and tells where there are none', async () => {
    const good = await pictures('good', 24)
    const env = { VK_ICD_FILENAMES: join(folder, 'no-driver.json') }
    const refused = await runGoodparts(['fit', good, '-o', join(folder, 'refused.onnx'), '--device', 'webgpu', ...quick], { env })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Expected the device webgpu to train, got: ') as string })
    const ran = await runGoodparts(['fit', good, '-o', join(folder, 'auto-device.onnx'), '--device', 'auto', ...quick], { env })
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stderr).toMatch(/Train steps: (cpu|cuda), the fastest \(.*webgpu cannot train\)/)
    expect(ran.stdout).toContain('Nothing of it was trained by steps: --device auto changed nothing.')
  })

  it('prints the table of what was tried', async () => {
    const ran = await runGoodparts(['fit', await pictures('good', 24), '-o', join(folder, 'auto.onnx'), '--size', '64', '--bank', '30'])
    expect(ran.stdout).toMatch(/layers +size +normalisation/)
    expect(ran.stdout).toMatch(/(fine|standard) +64 .*chosen/)
  })

  it('takes the splits of a data set', async () => {
    const good = await pictures('good', 24)
    const rows = Array.from({ length: 24 }, (_, index) => `${index < 12 ? 'train' : 'calibration'},good/${index}.png,good,part ${index}`)
    await writeFile(join(folder, 'dataset.csv'), ['split,path,label,group', ...rows].join('\n'))
    expect(good).toContain(folder)
    const ran = await runGoodparts(['fit', join(folder, 'dataset.csv'), '-o', join(folder, 'csv.onnx'), ...quick])
    expect(ran.stdout).toMatch(/learned from 12 pictures of 12 parts, calibrated on 12 others/)
  })

  it('lists pictures that look unlike the rest, before it learns', async () => {
    const good = await pictures('mixed', 24)
    const part = goodPart(30)
    await writeFile(join(good, 'odd.png'), await encodePng({ ...part, data: part.data.map((value, i) => i % 64 < 32 ? value >> 3 : value) }))
    const page = join(folder, 'suspects.html')
    const ran = await runGoodparts(['fit', good, '-o', join(folder, 'mixed.onnx'), '--suspects', page, ...quick])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stderr).toMatch(/of 25 pictures look unlike the rest; are they good\?\n {2}1\. odd\.png: [\d.]+ deviations, most like \d+\.png/)
    expect(ran.stderr).toContain(`Written: ${page}\n`)
    expect(await readFile(page, 'utf8')).toMatch(/<b>1\. odd\.png<\/b>/)
  })

  it('shows them on the page also when the fit is cancelled after the list', async () => {
    const page = join(folder, 'cancelled.html')
    const interrupt = (child: ChildProcess): void => { child.stderr?.on('data', (text: string) => { if (text.includes('unlike the rest')) child.kill('SIGINT') }) }
    const ran = await runGoodparts(['fit', await pictures('good', 24), '-o', join(folder, 'cancelled.onnx'), '--detector', 'reconstruction', '--set', 'steps=100000', '--suspects', page], { started: interrupt })
    expect(ran.code).toBe(130)
    expect(await readFile(page, 'utf8')).toContain('of 24 pictures of good parts look unlike the rest')
  })

  it('gives a classifier the defects of the training split, and those of a folder', async () => {
    await pictures('good', 24)
    const spoilt = async (folderName: string, count: number): Promise<void> => {
      await mkdir(join(folder, folderName), { recursive: true })
      for (let index = 0; index < count; index++) {
        const part = goodPart(700 + index)
        await writeFile(join(folder, folderName, `${index}.png`), await encodePng({ ...part, data: part.data.map((value, i) => i % 64 < 20 ? 0 : value) }))
      }
    }
    await spoilt('dark', 6)
    await spoilt('types/burnt', 3)
    const rows = [
      ...Array.from({ length: 24 }, (_, index) => `train,good/${index}.png,good`),
      ...Array.from({ length: 6 }, (_, index) => `${index < 4 ? 'train' : 'test'},dark/${index}.png,dark`)
    ]
    await writeFile(join(folder, 'labelled.csv'), ['split,path,label', ...rows].join('\n'))
    const output = join(folder, 'classifier.onnx')
    const ran = await runGoodparts(['fit', '--family', 'classifier', join(folder, 'labelled.csv'), '-o', output, '--scale', 'fine', '--size', '64', '--defects', join(folder, 'types')])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toContain('learned from 14 pictures and from labelled defects (3 burnt, 4 dark), calibrated on 10 others')
    expect((await readBundle(output)).metadata).toMatchObject({ family: 'classifier', classNames: ['good', 'burnt', 'dark'], training: { defects: { images: { burnt: 3, dark: 4 } } } })
    const without = await runGoodparts(['fit', join(folder, 'good'), '-o', output, '--family', 'classifier'])
    expect(without).toMatchObject({ code: 1, stderr: expect.stringMatching(/no defect at all.*GOODPARTS_TOO_FEW_IMAGES/) as string })
  })

  it('says what a folder of defects looks like, and of a family that learns from none that it is not used', async () => {
    const good = await pictures('good', 24)
    await mkdir(join(folder, 'notes'), { recursive: true })
    await writeFile(join(folder, 'notes', 'notes.txt'), 'notes')
    for (const [defects, got] of [[join(folder, 'nowhere'), 'none at'], [good, 'pictures right in'], [join(folder, 'notes'), 'no folder in'], [join(folder, 'notes', 'notes.txt'), 'a file at']] as const) {
      const ran = await runGoodparts(['fit', good, '-o', join(folder, 'wrong.onnx'), '--detector', 'classifier', '--defects', defects])
      expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining(`Expected --defects to be a folder with a folder for each type of defect, got ${got} ${defects} (GOODPARTS_DATASET_INVALID)\nFix: `) as string })
    }
    await pictures('unused/scratch', 3)
    const { code, stderr } = await runGoodparts(['fit', good, '-o', join(folder, 'unused.onnx'), '--defects', join(folder, 'unused'), ...quick])
    expect([code, stderr]).toEqual([0, expect.stringContaining('Not used, as patch-memory does not learn from labelled defects: --defects.\n')])
  })

  it.each([
    ['a folder that is not there', () => Promise.resolve(join(folder, 'nowhere')), /GOODPARTS_DATASET_INVALID/],
    ['an empty folder', async () => { await mkdir(join(folder, 'empty'), { recursive: true }); return join(folder, 'empty') }, /hold pictures .*GOODPARTS_DATASET_INVALID/],
    ['too few pictures', () => pictures('few', 12), /at least 20 pictures .*GOODPARTS_TOO_FEW_IMAGES[^]*Fix: .*20/],
    ['a damaged picture', async () => { const damaged = await pictures('damaged', 24); await writeFile(join(damaged, '7.png'), 'none'); return damaged }, /damaged\/7\.png.*GOODPARTS_IMAGE_DECODE/],
    ['several damaged pictures, all named', async () => { const damaged = await pictures('several', 24); for (const name of ['3.png', '7.png', '9.png']) await writeFile(join(damaged, name), 'none'); return damaged }, /3\.png to be a picture.*; 2 more cannot be read either: (?=.*7\.png)(?=.*9\.png).*GOODPARTS_IMAGE_DECODE/]
  ] as const)('says what is wrong with %s', async (_name, source, expected) => {
    const output = join(folder, 'wrong.onnx')
    const ran = await runGoodparts(['fit', await source(), '-o', output, ...quick])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(expected)
    expect(existsSync(output)).toBe(false)
  })

  it('goes on after it was killed, and learns what it would have learned', async () => {
    const good = await pictures('good', 24)
    const [checkpoint, output] = [join(folder, 'reached'), join(folder, 'resumed.onnx')]
    const command = ['fit', good, '--detector', 'reconstruction', '--size', '64', '--set', 'loss=l2', '--set', 'width=8', '--set', 'steps=120', '--set', 'batch=2']
    const kill = (child: ChildProcess): void => {
      const watcher = watch(folder, () => {
        if (!existsSync(checkpoint)) return
        watcher.close()
        child.kill('SIGKILL')
      })
    }
    const killed = await runGoodparts([...command, '-o', output, '--checkpoint', checkpoint], { started: kill })
    expect(killed.code).not.toBe(0)
    expect([existsSync(checkpoint), existsSync(output)]).toEqual([true, false])
    const other = await runGoodparts([...command, '-o', output, '--checkpoint', checkpoint, '--seed', '1'])
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/of the same work.*GOODPARTS_ARGUMENT/) as string })
    expect(other.stderr).not.toContain('Going on')
    await writeFile(join(folder, 'junk'), 'junk\n')
    const junk = await runGoodparts([...command, '-o', output, '--checkpoint', join(folder, 'junk')])
    expect(junk).toMatchObject({ code: 1, stderr: expect.stringMatching(/^goodparts: Expected .*junk to be a whole checkpoint/) as string })
    const resumed = await runGoodparts([...command, '-o', output, '--checkpoint', checkpoint])
    expect(resumed.stderr).toContain(`Going on from ${checkpoint}`)
    expect(resumed).toMatchObject({ code: 0 })
    expect((await readdir(folder)).filter((name) => name.startsWith('reached'))).toEqual([])
    const undisturbed = join(folder, 'undisturbed.onnx')
    await runGoodparts([...command, '-o', undisturbed])
    const [{ metadata }, { metadata: expected }] = [await readBundle(output), await readBundle(undisturbed)]
    expect(metadata.graphSha256).toBe(expected.graphSha256)
    expect(metadata.calibration).toEqual(expected.calibration)
  })

  it('says after Ctrl-C what it goes on from', async () => {
    const good = await pictures('good', 24)
    const checkpoint = join(folder, 'interrupted')
    const interrupt = (child: ChildProcess): void => {
      const watcher = watch(folder, () => {
        if (!existsSync(checkpoint)) return
        watcher.close()
        child.kill('SIGINT')
      })
    }
    const command = ['fit', good, '-o', join(folder, 'interrupted.onnx'), '--detector', 'reconstruction', '--size', '64', '--set', 'width=8', '--set', 'steps=100000']
    const ran = await runGoodparts([...command, '--checkpoint', checkpoint], { started: interrupt })
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringMatching(/Cancelled\. The checkpoint is kept in .*interrupted; the same command goes on from there\.\n$/)])
  })

  it('refuses options that the detector does not have', async () => {
    const ran = await runGoodparts(['fit', await pictures('good', 24), '-o', join(folder, 'wrong.onnx'), '--set', 'colour=red'])
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/got colour \(GOODPARTS_ARGUMENT\)/) as string })
  })
})
