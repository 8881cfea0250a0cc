import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, existsSync, lstatSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { writeOutput } from '../../cli/output-file.ts'
import { spottedPicture } from '../explain/hand-built-models.ts'
import { spotBundle, write } from '../explain/spot-bundle.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { runGoodparts } from './run-goodparts.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-output-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('an output file', () => {
  it('takes the place of the earlier one, with its rights, where a link to it leads', async () => {
    const [file, link] = [join(folder, 'earlier.json'), join(folder, 'link.json')]
    writeFileSync(file, 'earlier')
    chmodSync(file, 0o640)
    symlinkSync('earlier.json', link)
    const { ino } = statSync(file)
    await writeOutput(link, 'new')
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(statSync(file).ino).not.toBe(ino)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('that is mounted by itself, and so cannot be exchanged, is written over', async ({ skip }) => {
    const [file, mounted] = [join(folder, 'outside.json'), join(folder, 'mounted.json')]
    for (const path of [file, mounted]) writeFileSync(path, 'earlier')
    try {
      execFileSync('mount', ['--bind', file, mounted], { stdio: 'pipe' })
    } catch {
      return skip('mounting a file failed')
    }
    try {
      await writeOutput(mounted, 'new')
      expect(readFileSync(file, 'utf8')).toBe('new')
      expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
    } finally {
      execFileSync('umount', [mounted])
    }
  })

  it('is made where a link leads to nothing yet', async () => {
    symlinkSync('not-yet.json', join(folder, 'dangling.json'))
    await writeOutput(join(folder, 'dangling.json'), 'new')
    expect(readFileSync(join(folder, 'not-yet.json'), 'utf8')).toBe('new')
    expect(lstatSync(join(folder, 'dangling.json')).isSymbolicLink()).toBe(true)
  })

  it.runIf(existsSync('/dev/full'))('that is a device is written as it is, and named when it is full', async () => {
    await writeOutput('/dev/null', 'new')
    await expect(writeOutput('/dev/full', 'new')).rejects.toMatchObject({ code: 'GOODPARTS_STORE_FAILED', message: expect.stringMatching(/^Expected \/dev\/full to be writable, got: ENOSPC/) as string, fix: expect.stringContaining('Free room') as string })
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  })

  it.runIf(existsSync('/dev/fd'))('that a program holds open is not exchanged behind its back', async () => {
    const open = openSync(join(folder, 'open.json'), 'w+')
    try {
      await writeOutput(`/dev/fd/${open}`, 'new')
      expect(readFileSync(open, 'utf8')).toBe('new')
    } finally {
      closeSync(open)
    }
  })
})

describe('what explains a picture', () => {
  let bundle: string
  let picture: string
  const explain = async (...options: string[]): Promise<Awaited<ReturnType<typeof runGoodparts>>> => runGoodparts(['explain', bundle, picture, '--methods', 'anomaly-map', ...options])
  beforeAll(async () => {
    [bundle, picture] = [join(folder, 'spots.onnx'), join(folder, 'spotted.png')]
    await saveBundle(bundle, await spotBundle())
    await write(picture, spottedPicture())
  })

  it('keeps the earlier files of a disk that is full, names those that did not fit, and writes the figures that fit', async ({ skip }) => {
    const disk = mountSmallDisk('8k')
    if (disk === null) return skip('no small disk')
    try {
      const [json, page] = [join(disk.path, 'a.json'), join(disk.path, 'a.html')]
      writeFileSync(page, 'earlier')
      const { code, stdout, stderr } = await explain('--json', json, '--report', page)
      expect([code, stderr]).toEqual([1, expect.stringMatching(/Expected \S+a\.html to be writable, got: ENOSPC[^\n]*\(GOODPARTS_STORE_FAILED\)\nFix: Free room/)])
      expect(readFileSync(page, 'utf8')).toBe('earlier')
      expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ methods: [{ method: 'anomaly-map' }] })
      expect(stdout).toContain(`Written: ${json}\n`)
      expect(readdirSync(disk.path).sort()).toEqual(['a.html', 'a.json'])
    } finally {
      disk.end()
    }
  }, 60_000)
})
