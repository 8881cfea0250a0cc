/** Exchanges one memory for the other without end and tells of each; somebody kills it. */
import { writeSync } from 'node:fs'
import { ExemplarStore } from '../../engine/continual/exemplar-store.ts'
import { memoryOf } from './stored-memory.ts'

const store = new ExemplarStore({ folder: process.argv[2] ?? '', items: 100, bytes: 1e9 })

for (let turn = 0; ; turn++) {
  store.replace(memoryOf(turn % 2 === 0 ? 'even' : 'odd', 40, store.pictures))
  writeSync(1, `${turn}\n`)
}
