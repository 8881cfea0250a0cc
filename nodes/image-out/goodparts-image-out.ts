/** Frames and explanations as pictures for other nodes. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { EncodedImage } from '../../engine/frame/encoded-image.ts'
import { encodeFrame, reencode } from '../../engine/frame/encode-picture.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import { WorkQueue } from '../../engine/frame/work-queue.ts'
import { readChoice, readWhole } from '../shared/form-values.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'

type Content = 'frame' | 'explanation'

interface Config extends NodeDef {
  content: string
  format: string
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
    try {
      const encoding = { format: readChoice('the format', config.format, ['jpeg', 'png']), quality: readWhole('the quality', config.quality, { least: 1, most: 100 }) }
      start(this, status, readChoice('the content', config.content, ['frame', 'explanation']), encoding, readWhole('the queue', config.capacity, { least: 1 }))
    } catch (error) {
      refuse(RED, this, status, RED._('goodparts-image-out.status.notConfigured'), error)
    }
  }

  function start (node: Node, status: Status, content: Content, encoding: { format: 'jpeg' | 'png', quality: number }, capacity: number): void {
    const queue = new WorkQueue(`image-out/${node.id}`, capacity)
    let count = 0

    onInput(node, async (msg: Message) => {
      try {
        msg.payload = await queue.run(async () => encode(msg))
        msg.contentType = `image/${encoding.format}`
        status.show('running', RED._('goodparts-image-out.status.running', { count: ++count }))
        return msg
      } catch (error) {
        status.show('failed', RED._('goodparts-image-out.status.failed'))
        throw error
      }
    })
    onClose(node, async () => {
      await queue.close()
      status.close()
    })

    async function encode (msg: Message): Promise<Buffer> {
      if (content === 'frame') {
        if (isFrame(msg.frame)) return encodeFrame(msg.frame, encoding)
        throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected msg.frame to be a frame, got ${typeof msg.frame}`, { fix: 'Wire a capture, image-in or score node into this one' })
      }
      const overlay = msg.explanation?.overlay
      if (overlay !== undefined) return reencode(overlay, encoding)
      throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected msg.explanation to hold a picture, got none', { fix: 'Put a heatmap node before this one, and send only the verdicts that it explains' })
    }
  }
  RED.nodes.registerType('goodparts-image-out', ImageOutNode)
}
