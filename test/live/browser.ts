/** A browser's side of the live page, on a real socket. */
import { WebSocket } from 'ws'
import type { LiveRequest, LiveServerMessage } from '../../schemas/live.ts'
import { validate } from '../../engine/schema-validation.ts'
import { decodePacket, type Packet } from '../../viewer/packet.ts'

const SCHEMA = 'goodparts.live/1'

export async function ticketFor (url: string, token?: string): Promise<string> {
  const answer = await fetch(new URL('api/tickets', url), { method: 'POST', headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } })
  const { ticket } = await answer.json() as { ticket: string }
  return ticket
}

export class Browser {
  readonly socket: WebSocket
  readonly messages: LiveServerMessage[] = []
  readonly packets: Packet[] = []
  /** Whether pictures are answered as soon as they come. */
  answers = true
  readonly #waiting = new Set<() => void>()

  private constructor (socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#picture(decodePacket(new Uint8Array(data).buffer))
      else this.messages.push(JSON.parse(data.toString()) as LiveServerMessage)
      for (const check of this.#waiting) check()
    })
    socket.on('close', () => { for (const check of this.#waiting) check() })
  }

  static async open (url: string, token?: string): Promise<Browser> {
    const address = new URL(`ws?ticket=${await ticketFor(url, token)}`, url)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const browser = new Browser(new WebSocket(address))
    await browser.until(() => browser.messages.length > 0)
    return browser
  }

  send (request: LiveRequest): void {
    this.socket.send(JSON.stringify(request))
  }

  answer (packet: Packet): void {
    this.send({ schema: SCHEMA, kind: 'shown', line: packet.header.line, packet: packet.header.packet })
  }

  of<Kind extends LiveServerMessage['kind']> (kind: Kind): Array<Extract<LiveServerMessage, { kind: Kind }>> {
    return this.messages.filter((message): message is Extract<LiveServerMessage, { kind: Kind }> => message.kind === kind)
  }

  /** Resolves as soon as `wanted` holds, checked after each message. */
  async until (wanted: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!wanted()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Everything that was heard passes the schema. */
  validate (): void {
    for (const message of this.messages) validate('live', message)
    for (const { header } of this.packets) validate('live', header)
  }

  close (): void {
    this.socket.terminate()
  }

  #picture (packet: Packet): void {
    this.packets.push(packet)
    if (this.answers) this.answer(packet)
  }
}
