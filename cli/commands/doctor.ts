import type { Command } from 'commander'
import { loadPipelines } from '../../engine/capture/pipelines.ts'
import { canRun, formatChecks } from '../doctor/check.ts'
import { checkCodec, checkDevice, checkGstreamer, checkJpegTurbo, checkSqlite } from '../doctor/native-parts.ts'
import { checkPrograms } from '../doctor/programs.ts'
import { writeOutput } from '../output-file.ts'

export function register (program: Command): void {
  program.command('doctor')
    .description('what this machine has and lacks, and how to mend it; exit code 1 when the main job cannot run')
    .option('--json [file]', 'the findings as JSON, to a file or, without one, to standard output')
    .action(async (options: { json?: string | true }) => {
      const checks = (await Promise.all([
        checkPrograms(),
        checkGstreamer(loadPipelines()),
        Promise.all([checkDevice('cpu'), checkDevice('webgpu'), checkDevice('cuda'), checkDevice('tensorrt'), checkCodec(), checkJpegTurbo(), checkSqlite()])
      ])).flat()
      const ok = canRun(checks)
      const json = JSON.stringify({ canRun: ok, checks }, null, 2)
      if (options.json === true || options.json === '-') process.stdout.write(`${json}\n`)
      else {
        process.stdout.write(`${formatChecks(checks)}\n\n${ok ? 'The main job can run.' : 'The main job cannot run: see MISSING above.'}\n`)
        if (options.json !== undefined) await writeOutput(options.json, `${json}\n`)
      }
      process.exitCode = ok ? 0 : 1
    })
}
