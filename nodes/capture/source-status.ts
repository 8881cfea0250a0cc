/** Shows a source's state on its node, and reports each error once: a camera that is away for a night is one entry, not thousands. */
import type { Node, NodeAPI } from 'node-red'
import { GoodpartsError, type ErrorCode } from '../../engine/errors.ts'
import type { CaptureSupervisor } from '../../engine/capture/supervisor.ts'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import { tellError } from '../shared/lifecycle.ts'
import type { Status } from '../shared/status.ts'

const INTERVAL_MS = 1000

export class SourceStatus {
  readonly #node: Node
  readonly #status: Status
  readonly #translate: NodeAPI['_']
  readonly #supervisor: CaptureSupervisor
  readonly #timer: NodeJS.Timeout
  #reported = ''
  /** Milliseconds since 1970. */
  #failingSince: number | undefined

  constructor (node: Node, status: Status, translate: NodeAPI['_'], supervisor: CaptureSupervisor) {
    this.#node = node
    this.#status = status
    this.#translate = translate
    this.#supervisor = supervisor
    this.#timer = setInterval(() => { this.#showRate() }, INTERVAL_MS)
    this.#timer.unref()
  }

  show (event: CaptureEvent): void {
    switch (event.kind) {
      // Between an error and the next picture the error is what matters.
      case 'starting': if (this.#reported === '') this.#status.show('busy', this.#text('starting')); break
      case 'running': this.#recovered(event); this.#showRate(); break
      case 'stopped': this.#reported = ''; this.#failingSince = undefined; this.#status.show('stopped', this.#text('stopped')); break
      case 'end-of-stream': this.#status.show('stopped', this.#text(this.#supervisor.state === 'held' ? 'held' : 'ended')); break
      case 'error': this.#status.show('failed', this.#text(`failed.${event.code ?? ''}`)); this.#report(event); break
      case 'warning': this.#node.warn(event.text); break
      case 'stalled': case 'restarting': case 'looped': break
    }
  }

  close (): void {
    clearInterval(this.#timer)
  }

  #showRate (): void {
    if (this.#supervisor.state !== 'running') return
    this.#status.show('running', this.#text('running', { rate: this.#supervisor.counters.framesPerSecond.toFixed(1) }))
  }

  #report (event: CaptureEvent): void {
    if (this.#reported === event.text) return
    this.#reported = event.text
    this.#failingSince ??= Date.parse(event.at)
    // A Catch node keeps errors from the log, which is where the terminal of a line reads how its camera does.
    this.#node.log(event.fix === null ? event.text : `${event.text}. ${event.fix}`)
    tellError(this.#node, new GoodpartsError((event.code ?? 'GOODPARTS_CAPTURE_FAILED') as ErrorCode, event.text, event.fix === null ? {} : { fix: event.fix }))
  }

  #recovered ({ at }: CaptureEvent): void {
    if (this.#failingSince !== undefined) this.#node.log(`Running again after ${((Date.parse(at) - this.#failingSince) / 1000).toFixed(1)} s`)
    this.#failingSince = undefined
    this.#reported = ''
  }

  #text (key: string, values: Record<string, string> = {}): string {
    return this.#translate(`goodparts-capture.status.${key}`, values)
  }
}
