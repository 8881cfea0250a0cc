/** `goodparts bench …`: measurements that print a table and write JSON. Each is a file of `bench/`. */
import type { Command } from 'commander'
import { registerDrift } from './bench/drift.ts'
import { registerExplain } from './bench/explain.ts'
import { registerLoop } from './bench/loop.ts'
import { registerPipeline } from './bench/pipeline.ts'
import { registerScore } from './bench/score.ts'
import { registerSpool } from './bench/spool.ts'
import { registerTraining } from './bench/training.ts'
import { registerUpdate } from './bench/update.ts'

export function register (program: Command): void {
  const bench = program.command('bench').description('measure this machine; ratios compare within one run')
  registerScore(bench)
  registerLoop(bench)
  registerExplain(bench)
  registerSpool(bench)
  registerTraining(bench)
  registerUpdate(bench)
  registerDrift(bench)
  registerPipeline(bench)
}
