/** Puts an update in use or takes it back, and dies at the so-manyth file that it renames or removes: before or after it. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { takeBackTo } from '../../../engine/continual/detector-update/line-change.ts'
import { readBundle } from '../../../engine/bundle/bundle.ts'
import { placeIn, updateOf } from './small-update.ts'

const [folder = '', kind = '', at = '', when = ''] = process.argv.slice(2)
let count = 0

function end (moment: string): void {
  if (count === Number(at) && when === moment) process.kill(process.pid, 'SIGKILL')
}

const { renameSync, rmSync } = fs
const { rename, rm } = fs.promises
fs.renameSync = (...given) => {
  count++
  end('before')
  renameSync(...given)
  end('after')
}
fs.rmSync = (...given) => {
  count++
  end('before')
  rmSync(...given)
  end('after')
}
fs.promises.rename = async (...given) => {
  count++
  end('before')
  await rename(...given)
  end('after')
}
fs.promises.rm = async (...given) => {
  count++
  end('before')
  await rm(...given)
  end('after')
}
syncBuiltinESMExports()

const place = placeIn(folder)
if (kind === 'update') await updateOf(place)
else await takeBackTo(place, { to: await readBundle(`${folder}/old.onnx`), keepsPresent: true, outcome: (before) => before === null ? null : JSON.parse(before) as object })
