import { expect, it } from 'vitest'
import { trialTable } from '../../cli/commands/fit.ts'
import type { ScaleTrial } from '../../schemas/bundle.ts'

function trial (layers: string, proxyAuroc: number, outcome: string): ScaleTrial {
  return { layers, size: 256, settings: {}, proxyAuroc, imagesPerSecond: 10, outcome, chosen: outcome === 'chosen' }
}

it('says of a lead that decides nothing that it does not, and of what is behind that it is', () => {
  const lines = trialTable([trial('standard', 0.7510, 'chosen'), trial('fine', 0.7572, 'behind'), trial('coarse', 0.7, 'behind'), trial('quick', 0.9, 'slower than 20 images/s')]).split('\n')
  expect(lines.slice(2).map((line) => line.split(/ {2,}/).at(-1))).toEqual(['chosen', 'ahead by too little', 'behind', 'slower than 20 images/s', expect.stringMatching(/^ahead by too little: .*decides nothing\.$/)])
  expect(trialTable([{ ...trial('–', 0.7, 'chosen: too few pictures to choose by'), size: 0 }])).toMatch(/\n +– +– +0\.7000/)
  expect(trialTable([trial('standard', 0.75, 'chosen'), trial('fine', 0.74, 'behind')])).not.toContain('ahead')
})
