/** Pictures from other nodes as frames. */
import { basename } from 'node:path'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { Frame } from '../../engine/frame/frame.ts'
import { PictureThread } from '../../engine/frame/picture-thread.ts'
import { readChoice, readWhole } from '../shared/form-values.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { holdName } from '../shared/same-names.ts'
import { Status } from '../shared/status.ts'

interface Config extends NodeDef {
  source: string
  folder: string
  colour: string
  capacity: string
}

interface Message extends NodeMessageInFlow {
  filename?: unknown
  frame?: Frame
  partId?: string | null
  label?: unknown
}

const channels = { auto: {}, grey: { channels: 1 }, rgb: { channels: 3 } } as const

export default function register (RED: NodeAPI): void {
  function ImageInNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      start(this, status, config, readWhole('the queue', config.capacity, { least: 1 }), channels[readChoice('the colour', config.colour, ['auto', 'grey', 'rgb'])])
    } catch (error) {
      refuse(RED, this, status, RED._('goodparts-image-in.status.notConfigured'), error)
    }
  }

  function start (node: Node, status: Status, config: Config, capacity: number, decoding: { channels?: 1 | 3 }): void {
    const thread = new PictureThread(`image-in/${node.id}`, capacity)
    const source = config.source === '' ? `image-in/${node.id}` : config.source
    let sequence = 0
    holdName(RED, node, status, 'source', source)

    onInput(node, async (msg: Message) => {
      try {
        const { name, ...picture } = await thread.open(msg.payload, { folder: config.folder, ...decoding })
        msg.frame = new Frame({ ...picture, source, sequence: sequence++ })
        msg.partId ??= name ?? (typeof msg.filename === 'string' ? basename(msg.filename) : partOfMessage(msg))
        msg.topic ??= source
        msg.payload = msg.frame.toJSON()
        status.show('running', RED._('goodparts-image-in.status.running', { count: sequence }))
        return msg
      } catch (error) {
        status.show('failed', RED._('goodparts-image-in.status.failed'))
        throw error
      }
    })
    onClose(node, async () => {
      await thread.close()
      status.close()
    })
  }
  RED.nodes.registerType('goodparts-image-in', ImageInNode)
}

/** A picture that comes to be learned goes by its own hash where its part is not known: the same one, sent again in another message, must not be another part. */
function partOfMessage ({ label, _msgid }: Message): string | null {
  return label === undefined ? _msgid : null
}
