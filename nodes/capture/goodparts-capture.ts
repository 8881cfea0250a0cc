/** A camera, a video, a folder: frames on the first output, what happens to the source on the second. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { loadPipelines } from '../../engine/capture/pipelines.ts'
import { CaptureSupervisor } from '../../engine/capture/supervisor.ts'
import { asGoodpartsError } from '../../engine/errors.ts'
import { onClose, onInput, tellOnceStarted } from '../shared/lifecycle.ts'
import { holdName } from '../shared/same-names.ts'
import { Status } from '../shared/status.ts'
import { readCaptureForm, readCommand, type CaptureCredentials, type CaptureForm } from './settings.ts'
import { SourceStatus } from './source-status.ts'

interface Settings { goodpartsCaptureElements?: string[] }

export default function register (RED: NodeAPI): void {
  function CaptureNode (this: Node<CaptureCredentials>, config: NodeDef & CaptureForm): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const source = config.source || config.name || this.id
    holdName(RED, this, status, 'source', source)
    let supervisor: CaptureSupervisor | undefined
    let shown: SourceStatus | undefined

    const open = (): CaptureSupervisor => {
      const allowed = (RED.settings as Settings).goodpartsCaptureElements ?? []
      const opened = new CaptureSupervisor({ source, ...readCaptureForm(config, this.credentials, loadPipelines(), allowed) })
      const show = shown = new SourceStatus(this, status, RED._, opened)
      opened.on('event', (event) => {
        show.show(event)
        this.send([null, { topic: source, payload: event }])
      })
      opened.on('frame', (frame, notes) => {
        const msg = { topic: source, payload: frame.toJSON(), frame, ...notes }
        this.send([msg, null])
      })
      return opened
    }

    onInput(this, async (msg: NodeMessageInFlow & { partId?: unknown }) => {
      const command = readCommand(msg.payload)
      supervisor ??= open()
      if (typeof command === 'object') supervisor.setProperty(command.element, command.property, command.value)
      else if (command === 'trigger') supervisor.trigger(typeof msg.partId === 'string' ? { partId: msg.partId } : {})
      else await supervisor[command]()
      return null
    })
    onClose(this, async () => {
      shown?.close()
      await supervisor?.close()
      status.close()
    })

    status.show('stopped', RED._('goodparts-capture.status.stopped'))
    try {
      supervisor = open()
      if (config.autostart) supervisor.start()
    } catch (cause) {
      const error = asGoodpartsError(cause, 'GOODPARTS_PIPELINE_INVALID')
      status.show('failed', RED._(`goodparts-capture.status.failed.${error.code}`))
      tellOnceStarted(RED, this)(error)
    }
  }
  RED.nodes.registerType<Node<CaptureCredentials>, NodeDef & CaptureForm, object, CaptureCredentials>('goodparts-capture', CaptureNode, {
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
    settings: { goodpartsCaptureElements: { value: [], exportable: false } }
  })

  RED.httpAdmin.get('/goodparts/capture/pipelines', RED.auth.needsPermission('goodparts-capture.read'), (_request, response) => {
    response.json(loadPipelines())
  })
}
