/** Servers that stand in for cameras: real ones, of this machine, ended with the test. */
import { spawn } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { encodeJpeg } from '../../engine/frame/image-codec.ts'

export interface RtspServer {
  address: string
  stop (): Promise<void>
}

/** `port` 0 = any. */
export async function startRtspServer (port = 0, ...credentials: string[]): Promise<RtspServer> {
  const script = fileURLToPath(new URL('./rtsp-server.py', import.meta.url))
  const server = spawn('/usr/bin/python3', [script, String(port), ...credentials], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => { server.once('exit', () => { resolve() }) })
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL')
    await exited
  }
  onTestFinished(stop)
  const bound = await new Promise<string>((resolve) => { createInterface(server.stdout).once('line', resolve) })
  return { address: `rtsp://127.0.0.1:${bound}/line`, stop }
}

export interface MjpegServer {
  address: string
  /** Ends every answer under way, as a camera does that is switched off and on. */
  hangUp (): void
}

/** Sends a grey picture over and over. */
export async function startMjpegServer (): Promise<MjpegServer> {
  const jpeg = await encodeJpeg({ pixels: () => new Uint8Array(160 * 120 * 3).fill(90), width: 160, height: 120, channels: 3 }, 90)
  const clients = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    if (request.url !== '/stream') {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' })
    clients.add(response)
    const timer = setInterval(() => {
      response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`)
      response.write(jpeg)
      response.write('\r\n')
    }, 20)
    response.on('close', () => {
      clearInterval(timer)
      clients.delete(response)
    })
  })
  const hangUp = (): void => { for (const client of clients) client.destroy() }
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => {
    hangUp()
    server.close()
  })
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`, hangUp }
}
