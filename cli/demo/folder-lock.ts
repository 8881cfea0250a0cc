/** One demo at a time on a folder: a file names the processes that use it, with the times at which they started. */
import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GoodpartsError } from '../../engine/errors.ts'

/** A process id alone may by now be another program's. */
interface ProcessMark { pid: number, started: string }

interface Holders { demo: ProcessMark, nodeRed: ProcessMark | null }

/** Longer than a Node-RED takes that ends because its demo was killed. */
const ENDING_MS = 12_000

export class FolderLock {
  readonly #file: string
  #holders: Holders

  private constructor (file: string, holders: Holders) {
    this.#file = file
    this.#holders = holders
  }

  /**
   * Takes `folder` for this process. What a killed demo left is taken over, once the Node-RED that it had started is gone too.
   * @param endingMs How long such a Node-RED is waited for.
   * @throws GOODPARTS_ARGUMENT when another living process uses the folder, GOODPARTS_STORE_FAILED when it cannot be written
   */
  static async take (folder: string, endingMs = ENDING_MS): Promise<FolderLock> {
    const file = join(folder, 'demo.lock')
    const holders = { demo: markOf(process.pid), nodeRed: null }
    const own = `${file}.${process.pid}`
    const end = Date.now() + endingMs
    try {
      writeFileSync(own, JSON.stringify(holders))
      while (!links(own, file)) {
        const text = read(file)
        if (text === null) continue
        const found = parse(text)
        if (found !== null && lives(found.demo)) throw inUse(folder, `the demo that runs as process ${found.demo.pid}`)
        if (found?.nodeRed == null || !lives(found.nodeRed)) removeStale(file, text)
        else if (Date.now() > end) throw inUse(folder, `Node-RED, which runs as process ${found.nodeRed.pid} and whose demo is gone`)
        else await pause(100)
      }
    } catch (cause) {
      if (cause instanceof GoodpartsError) throw cause
      throw new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${folder} to be writable: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, fix: 'choose another folder with --user-dir' })
    } finally {
      rmSync(own, { force: true })
    }
    return new FolderLock(file, holders)
  }

  /** Whoever comes after a killed demo waits for this process too. */
  addNodeRed (pid: number): void {
    this.#holders = { ...this.#holders, nodeRed: markOf(pid) }
    const next = `${this.#file}.${process.pid}`
    writeFileSync(next, JSON.stringify(this.#holders))
    renameSync(next, this.#file)
  }

  release (): void {
    rmSync(this.#file, { force: true })
  }
}

/** Whether `file` is now the other's name; unlike a rename it takes nothing away from anybody. */
function links (own: string, file: string): boolean {
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Two may find the same stale file: whoever is second would move a fresh one, and puts it back. */
function removeStale (file: string, text: string): void {
  const aside = `${file}.stale-${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (read(aside) !== text) links(aside, file)
  rmSync(aside, { force: true })
}

function read (file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** `null` for what no demo wrote whole: a power cut may leave an empty file. */
function parse (text: string): Holders | null {
  try {
    const { demo, nodeRed } = JSON.parse(text) as Partial<Holders>
    return demo === undefined ? null : { demo, nodeRed: nodeRed ?? null }
  } catch {
    return null
  }
}

function markOf (pid: number): ProcessMark {
  return { pid, started: startOf(pid) ?? '' }
}

function lives ({ pid, started }: ProcessMark): boolean {
  return startOf(pid) === started
}

/** When the process started, in the words of the system; `null` where there is none. */
function startOf (pid: number): string | null {
  try {
    if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc_pid_stat(5): behind the name, which may hold anything, come state (3) and start in ticks since boot (22).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : fields[19] ?? null
  } catch {
    return null
  }
}

function inUse (folder: string, by: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${folder} to be used by nothing else, got ${by}`, {
    fix: 'stop that one with Ctrl-C where it runs, or choose another folder with --user-dir and other ports with --port and --live-port'
  })
}
