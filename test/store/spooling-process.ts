/** Spools records without end and tells of each that is safe; somebody kills it. */
import { writeSync } from 'node:fs'
import { Spool } from '../../engine/store/spool.ts'

const spool = new Spool({ path: process.argv[2] ?? '' })

for (let next = 0; ; next += 8) {
  const numbers = Array.from({ length: 8 }, (_, offset) => next + offset)
  await Promise.all(numbers.map(async (number) => {
    await spool.append({ topic: 'topic', key: 'line', value: JSON.stringify({ number }), stampPath: null })
    writeSync(1, `${number}\n`)
  }))
}
