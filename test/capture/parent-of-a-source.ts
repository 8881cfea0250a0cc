/** A process with a source, to be killed by a test. Prints the id of the capture process once a frame came. */
import { compilePipeline } from '../../engine/capture/compile.ts'
import { loadPipeline } from '../../engine/capture/pipelines.ts'
import { CaptureSupervisor } from '../../engine/capture/supervisor.ts'

const supervisor = new CaptureSupervisor({
  source: 'test/orphan', plan: compilePipeline(loadPipeline('custom'), { launch: 'videotestsrc is-live=true' }, { width: 64 }), endOfStream: 'stop'
})
supervisor.once('frame', () => { process.stdout.write(`${supervisor.pid ?? 0}\n`) })
supervisor.start()
