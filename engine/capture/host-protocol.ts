/** What a supervisor and its capture process say to each other over IPC; frames go over the pipe, see `framing.ts`. */
import type { FeedPlan } from './feed-plan.ts'

/** One value for one property of one named element. Never text of the graph. */
export interface PropertyValue {
  element: string
  property: string
  value: string | number | boolean
}

/** A graph, ready to run. */
export interface CapturePlan {
  /** Whole launch text, the tail with the appsink `sink` included. */
  launch: string
  /** Set before the graph starts. May hold secrets: never logged, never in arguments. */
  properties: PropertyValue[]
  channels: 1 | 3
  /** Whether the newest picture replaces one not sent yet, or every picture waits its turn. */
  policy: 'newest' | 'every'
  /** Pictures are sent only when asked for. */
  triggered: boolean
  live: boolean
  /** Pictures that the process pushes into the appsrc `feed`. */
  feed: FeedPlan | null
  /** Files and folders that must exist, checked before each pass. */
  paths: string[]
}

/** Triggers that may wait for a picture. */
export const MOST_ASKED = 64

export type ToHost =
  | { kind: 'run', plan: CapturePlan }
  | { kind: 'trigger' }
  | { kind: 'set', change: PropertyValue }
  /** Answers `end-of-stream`: from the beginning again. */
  | { kind: 'rewind' }
  | { kind: 'stop' }

export type FromHost =
  | { kind: 'playing' }
  /** Every half second: how many pictures left the graph, and whether the process waits for its parent rather than for the graph. */
  | { kind: 'alive', pulled: number, dropped: number, waiting: boolean }
  /** `sent` frames went down the pipe before; some may still be in it. */
  | { kind: 'end-of-stream', sent: number }
  /** Whether the graph could start again by itself. */
  | { kind: 'rewound', done: boolean }
  /** An answer to `set`: the element took the value. */
  | { kind: 'changed', change: PropertyValue }
  | { kind: 'warning', text: string, debug: string }
  /** The last thing said. `origin` tells whose words `text` is: GStreamer's parser, its running graph, a picture feed, or the process itself. */
  | { kind: 'error', origin: 'parse' | 'graph' | 'feed' | 'binding', text: string, debug: string, element: string, code?: string, fix?: string }
