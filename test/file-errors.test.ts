/** What a full disk and a forbidden folder say to a person. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { asGoodpartsError, GoodpartsError } from '../engine/errors.ts'
import { diskFix } from '../engine/file-errors.ts'
import { mountSmallDisk } from './small-disk.ts'

const disk = mountSmallDisk('1m')

function errorOf (work: () => void): unknown {
  try { work() } catch (error) { return error }
  throw new Error('Expected it to throw')
}

it.skipIf(disk === null)('a fit or an update that a full disk stops is the disk’s, with what to do', ({ onTestFinished }) => {
  onTestFinished(() => { disk?.end() })
  const cause = errorOf(() => { writeFileSync(join(disk!.path, 'bundle.onnx'), Buffer.alloc(2_000_000)) })
  expect(asGoodpartsError(cause, 'GOODPARTS_FIT_FAILED')).toMatchObject({ code: 'GOODPARTS_STORE_FAILED', fix: expect.stringContaining('room') as string })
  expect(asGoodpartsError(new Error('not written', { cause }), 'GOODPARTS_SPOOL_FAILED')).toMatchObject({ code: 'GOODPARTS_SPOOL_FAILED', fix: expect.stringContaining('room') as string })
})

it('a place that refuses has its fix too, by what was refused, and what is no disk’s has none', () => {
  const refused = (syscall: string): string | null => diskFix(Object.assign(new Error('EACCES: permission denied'), { syscall, code: 'EACCES' }))
  expect(refused('mkdir')).toMatch(/write there, or name another place/)
  for (const call of ['scandir', 'realpath']) expect(refused(call)).toMatch(/read it, or name another$/)
  expect(refused('open')).toMatch(/read the file or, where it is to be written, write in its folder/)
  expect(diskFix(new TypeError('x is not a function'))).toBeNull()
  expect(asGoodpartsError(new TypeError('x is not a function'), 'GOODPARTS_FIT_FAILED')).toMatchObject({ code: 'GOODPARTS_FIT_FAILED', fix: null })
  const own = new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a, got b')
  expect(asGoodpartsError(own, 'GOODPARTS_FIT_FAILED')).toBe(own)
})
