/** One capture process, seen from its supervisor: starts it, reads its frames, ends it for certain. */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { GoodpartsError } from '../errors.ts'
import { siblingModule } from '../sibling-module.ts'
import { FrameReader, type WireFrame } from './framing.ts'
import type { CapturePlan, FromHost, ToHost } from './host-protocol.ts'

/** SIGTERM lets a camera be released; after this SIGKILL follows. */
const GRACE_MS = 2000
/** Two threads parked by the binding, the rest for decoding pictures. */
const THREADS = '8'
const STDERR_KEPT = 2000

export interface HostListener {
  onFrame: (frame: WireFrame, memory: SharedArrayBuffer) => void
  onMessage: (message: FromHost) => void
  /** After the last frame. `words` is what it wrote to stderr last. */
  onExit: (how: { code: number | null, signal: string | null, words: string }) => void
  /** The stream of frames is broken. */
  onBroken: (error: GoodpartsError) => void
}

export interface FrameAllocator {
  take (byteLength: number): SharedArrayBuffer | undefined
  whenReleased (callback: () => void): void
}

export interface HostOptions {
  memory: FrameAllocator
  spawn?: typeof spawn
}

export class HostProcess {
  readonly #child: ChildProcess
  readonly #pipe: Readable
  readonly #reader: FrameReader
  readonly #memory: FrameAllocator
  readonly #listener: HostListener
  readonly #exited: Promise<void>
  #rest: Uint8Array | undefined
  #paused = false
  #words = ''

  constructor (plan: CapturePlan, listener: HostListener, options: HostOptions) {
    this.#listener = listener
    this.#memory = options.memory
    this.#reader = new FrameReader((bytes) => options.memory.take(bytes), listener.onFrame)
    const entry = fileURLToPath(siblingModule(import.meta.url, '../../native-pipelines/host/host'))
    this.#child = (options.spawn ?? spawn)(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: THREADS, GST_DEBUG_NO_COLOR: '1', NODE_OPTIONS: '' }
    })
    this.#pipe = this.#child.stdio[3] as Readable
    this.#pipe.on('data', (chunk: Uint8Array) => { this.#read(chunk) })
    this.#pipe.on('error', () => undefined)
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => { this.#words = (this.#words + text).slice(-STDERR_KEPT) })
    this.#child.on('message', (message: FromHost) => { listener.onMessage(message) })
    this.#child.on('error', (error) => { this.#words += error.message })
    this.#exited = new Promise((resolve) => {
      // A child that never started has no exit; close comes either way, after the last bytes of the pipe.
      this.#child.on('close', (code, signal) => {
        resolve()
        listener.onExit({ code, signal, words: this.#words.trim() })
      })
    })
    this.send({ kind: 'run', plan })
  }

  get pid (): number | undefined {
    return this.#child.pid
  }

  send (message: ToHost): void {
    // A process that just died is reported by its exit, not here.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  /** The process fills the pipe and then waits, or drops, by its policy. */
  pause (): void {
    this.#paused = true
    this.#pipe.pause()
  }

  resume (): void {
    this.#paused = false
    this.#continue()
  }

  kill (): void {
    this.#child.kill('SIGKILL')
    // Frames of a killed process are of no use, and `close` waits for them to be read.
    this.#discard()
  }

  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  async stop (): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#exited
    this.#child.kill('SIGTERM')
    this.#discard()
    const timer = setTimeout(() => { this.#child.kill('SIGKILL') }, GRACE_MS)
    await this.#exited
    clearTimeout(timer)
  }

  #discard (): void {
    this.#rest = undefined
    this.#pipe.removeAllListeners('data')
    this.#pipe.resume()
  }

  /** Whether all of it was taken. */
  #read (chunk: Uint8Array): boolean {
    try {
      this.#rest = this.#reader.push(chunk)
    } catch (error) {
      this.kill()
      this.#listener.onBroken(error as GoodpartsError)
      return false
    }
    if (this.#rest === undefined) return true
    this.#pipe.pause()
    this.#memory.whenReleased(() => { this.#continue() })
    return false
  }

  #continue (): void {
    const rest = this.#rest
    if (rest === undefined || this.#read(rest)) {
      if (!this.#paused) this.#pipe.resume()
    }
  }
}
