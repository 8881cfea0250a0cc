/**
 * Whether a message has come to its end: when every node that has it, or a copy of it, says that it is done. Hooks see every message of every flow, so
 * they are there only while somebody follows messages, and once for all who do (docs/decisions/0010-hooks-only-where-verdicts-wait.md).
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'

type Runtime = Pick<NodeAPI, 'hooks' | 'events' | 'nodes'>

/** As the hooks give them. */
interface Place { id: string, node: Node & { _expectedDoneCount?: number } }
interface Sent { msg: NodeMessage, destination: { id: string } }
interface Delivered { msg: NodeMessage, destination: Place }
interface Completed { msg: NodeMessage, node: Place, error?: unknown }

/** A node that has the message. */
interface Holder {
  node: Node
  msg: NodeMessage
  isReceived: boolean
  /** What it said while the flow was stopped, which a node also says of what it throws away. */
  said?: { error: unknown }
}

export interface End {
  /** Of what the nodes gave, one that may pass if there is one; `undefined` without any. */
  error: unknown
  /** Those that had the message still when the limit had passed. */
  heldBy: Node[]
}

interface Course {
  isBeingSent: boolean
  /** Some of its way was in a flow that was stopped or started. */
  sawRestart: boolean
  holders: Holder[]
  /** While the flow was stopped or started, for nodes that have not got them. */
  undelivered: Set<Sent>
  error: unknown
  end: (heldBy?: Node[]) => void
}

const label = 'goodparts-completion'

class Courses {
  readonly #runtime: Runtime
  /** By the message's id, which its copies share. */
  readonly #courses = new Map<string, Course>()
  /** Who follows messages is made while flows start. */
  #isRestarting = true

  constructor (runtime: Runtime) {
    this.#runtime = runtime
    const { hooks, events } = runtime
    hooks.add(`preRoute.${label}`, (sent: Sent) => { if (this.#isRestarting) this.#of(sent.msg)?.undelivered.add(sent) })
    hooks.add(`preDeliver.${label}`, (delivered: Delivered) => { this.#entered(delivered) })
    hooks.add(`onReceive.${label}`, (received: Delivered) => { this.#received(received) })
    hooks.add(`postReceive.${label}`, ({ msg, destination }: Delivered) => {
      // A node of the old kind never says so.
      if (destination.node._expectedDoneCount === 0) this.#completed({ msg, node: destination })
    })
    hooks.add(`onComplete.${label}`, (completed: Completed) => { this.#completed(completed) })
    events.on('flows:stopping', this.#stopping)
    events.on('flows:started', this.#started)
  }

  close (): void {
    const { hooks, events } = this.#runtime
    hooks.remove(`*.${label}`)
    events.off('flows:stopping', this.#stopping)
    events.off('flows:started', this.#started)
  }

  begin (id: string, limitMs: number, ended: (end: End) => void): Course {
    const expired = (): void => {
      const heldBy = [...new Set(course.holders.map(({ node }) => node))]
      // Ours always say when they are done.
      if (this.#isRestarting || heldBy.some(isOurs)) timer = setTimeout(expired, limitMs)
      else if (course.sawRestart) loseWay(course)
      else course.end(heldBy)
    }
    let timer = setTimeout(expired, limitMs)
    const course: Course = {
      isBeingSent: true,
      sawRestart: this.#isRestarting,
      holders: [],
      undelivered: new Set(),
      error: undefined,
      end: (heldBy = []) => {
        clearTimeout(timer)
        if (this.#courses.get(id) === course) this.#courses.delete(id)
        ended({ error: course.error, heldBy })
      }
    }
    this.#courses.set(id, course)
    return course
  }

  /** Of one that has been sent, whether it has ended. */
  check (course: Course): void {
    if (course.isBeingSent || course.holders.length > 0) return
    if (course.undelivered.size === 0) course.end()
    // What waits for a node that a deploy restarts reaches it when the flows run again.
    else if (!this.#isRestarting) loseWay(course)
  }

  #of ({ _msgid }: NodeMessage): Course | undefined {
    return this.#courses.get(_msgid ?? '')
  }

  #entered (delivered: Delivered): void {
    const { msg, destination: { node } } = delivered
    const course = this.#of(msg)
    course?.undelivered.delete(delivered)
    course?.holders.push({ node, msg, isReceived: false })
  }

  #received ({ msg, destination: { id, node } }: Delivered): void {
    const course = this.#of(msg)
    if (course === undefined) return
    const holder = course.holders.find((each) => each.node === node && each.msg === msg && !each.isReceived)
    if (holder !== undefined) {
      holder.isReceived = true
      return
    }
    // By a link call, or past the routes of a node that closes.
    course.holders.push({ node, msg, isReceived: true })
    const other = [...course.undelivered].find(({ destination }) => destination.id === id)
    if (other !== undefined) course.undelivered.delete(other)
  }

  #completed ({ msg, node: { node }, error }: Completed): void {
    const course = this.#of(msg)
    const holder = course?.holders.find((each) => each.node === node && each.msg === msg && each.isReceived && each.said === undefined)
    if (course === undefined || holder === undefined) return
    holder.said = { error: error ?? undefined }
    // Ours do not say that they are done with what they throw away.
    if (!this.#isRestarting || (isOurs(node) && holder.said.error === undefined)) this.#left(course, holder)
  }

  #left (course: Course, holder: Holder): void {
    course.holders.splice(course.holders.indexOf(holder), 1)
    const error = holder.said?.error
    if (!isRetriable(course.error) && (course.error === undefined || isRetriable(error))) course.error = error
    this.check(course)
  }

  readonly #stopping = (): void => {
    this.#isRestarting = true
    for (const course of this.#courses.values()) course.sawRestart = true
  }

  readonly #started = (): void => {
    this.#isRestarting = false
    for (const course of [...this.#courses.values()]) {
      if (course.holders.some(({ node }) => this.#runtime.nodes.getNode(node.id) as Node | null !== node)) loseWay(course)
      else {
        for (const holder of course.holders.filter(({ said }) => said !== undefined)) this.#left(course, holder)
        this.check(course)
      }
    }
  }
}

let shared: { courses: Courses, users: number } | undefined

/** For one who sends messages and wants to know what becomes of them; to be made while the sender's node is constructed, and closed with it. */
export class Completion {
  readonly #courses: Courses
  readonly #own = new Set<Course>()
  #isClosed = false

  constructor (runtime: Runtime) {
    shared ??= { courses: new Courses(runtime), users: 0 }
    shared.users++
    this.#courses = shared.courses
  }

  /**
   * Sends by `send` and resolves at the message's end: when nobody has it any more, or when only nodes of other packages have had it for `limitMs`.
   * The error is a retriable one where a part of it got lost in a flow that was deployed meanwhile: the receiver was away, or ended while it had it.
   */
  async of (msg: NodeMessage & { _msgid: string }, limitMs: number, send: () => void): Promise<End> {
    return await new Promise((resolve) => {
      const course = this.#courses.begin(msg._msgid, limitMs, (end) => {
        this.#own.delete(course)
        resolve(end)
      })
      this.#own.add(course)
      send()
      course.isBeingSent = false
      this.#courses.check(course)
    })
  }

  /** Ends what it follows, without an error. */
  close (): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const course of [...this.#own]) course.end()
    if (shared === undefined || --shared.users > 0) return
    shared.courses.close()
    shared = undefined
  }
}

function loseWay (course: Course): void {
  if (!isRetriable(course.error)) course.error = new GoodpartsError('GOODPARTS_CLOSED', 'Expected the nodes after it to run, got a deploy', { fix: 'Send the message again' })
  course.end()
}

function isRetriable (error: unknown): boolean {
  return error instanceof GoodpartsError && error.retriable
}

function isOurs ({ type }: Node): boolean {
  return type.startsWith('goodparts-')
}
