/** Pictures from other nodes as frames. */
import { basename } from 'node:path'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { Frame } from '../../engine/frame/frame.ts'
import { openPicture } from '../../engine/frame/open-picture.ts'
import { WorkQueue } from '../../engine/frame/work-queue.ts'
import { onClose, onInput } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'

interface Config extends NodeDef {
  source: string
  folder: string
  colour: 'auto' | 'grey' | 'rgb'
  capacity: string
}

interface Message extends NodeMessageInFlow {
  filename?: unknown
  frame?: Frame
  partId?: string
}

export default function register (RED: NodeAPI): void {
  function ImageInNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const queue = new WorkQueue(`image-in/${this.id}`, Number(config.capacity) || 16)
    const source = config.source === '' ? `image-in/${this.id}` : config.source
    let sequence = 0

    onInput(this, async (msg: Message) => {
      try {
        const { image, name } = await queue.run(async () => openPicture(msg.payload, { folder: config.folder, ...channelsOf(config.colour) }))
        msg.frame = Frame.fromPixels(image.data, { source, sequence: sequence++, width: image.width, height: image.height, channels: image.channels })
        msg.partId ??= name ?? (typeof msg.filename === 'string' ? basename(msg.filename) : msg._msgid)
        msg.topic ??= source
        msg.payload = msg.frame.toJSON()
        status.show('running', RED._('goodparts-image-in.status.running', { count: sequence }))
        return msg
      } catch (error) {
        status.show('failed', RED._('goodparts-image-in.status.failed'))
        throw error
      }
    })
    onClose(this, async () => {
      await queue.close()
      status.close()
    })
  }
  RED.nodes.registerType('goodparts-image-in', ImageInNode)
}

function channelsOf (colour: Config['colour']): { channels?: 1 | 3 } {
  if (colour === 'grey') return { channels: 1 }
  return colour === 'rgb' ? { channels: 3 } : {}
}
