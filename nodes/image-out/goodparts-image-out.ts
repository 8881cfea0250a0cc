/** Frames and explanations as pictures for other nodes. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { EncodedImage } from '../../engine/frame/encoded-image.ts'
import { encodeFrame, reencode } from '../../engine/frame/encode-picture.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import { WorkQueue } from '../../engine/frame/work-queue.ts'
import { onClose, onInput } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'

interface Config extends NodeDef {
  content: 'frame' | 'explanation'
  format: 'jpeg' | 'png'
  quality: string
  capacity: string
}

interface Message extends NodeMessageInFlow {
  frame?: unknown
  explanation?: { overlay?: EncodedImage }
  contentType?: string
}

export default function register (RED: NodeAPI): void {
  function ImageOutNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const queue = new WorkQueue(`image-out/${this.id}`, Number(config.capacity) || 16)
    const encoding = { format: config.format, quality: Number(config.quality) || 85 }
    let count = 0

    onInput(this, async (msg: Message) => {
      try {
        msg.payload = await queue.run(async () => encode(msg, config.content))
        msg.contentType = `image/${config.format}`
        status.show('running', RED._('goodparts-image-out.status.running', { count: ++count }))
        return msg
      } catch (error) {
        status.show('failed', RED._('goodparts-image-out.status.failed'))
        throw error
      }
    })
    onClose(this, async () => {
      await queue.close()
      status.close()
    })

    async function encode (msg: Message, content: Config['content']): Promise<Buffer> {
      if (content === 'frame') {
        if (isFrame(msg.frame)) return encodeFrame(msg.frame, encoding)
        throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.frame to be a frame, got ${typeof msg.frame}`)
      }
      const overlay = msg.explanation?.overlay
      if (overlay !== undefined) return reencode(overlay, encoding)
      throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected msg.explanation to hold a picture, got none', { fix: 'put a heatmap node before this one, and send only the verdicts that it explains' })
    }
  }
  RED.nodes.registerType('goodparts-image-out', ImageOutNode)
}
