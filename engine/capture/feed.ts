/** A source of pictures that is not a GStreamer element: its pictures are pushed into the graph. */
import type { FeedPlan } from './feed-plan.ts'

/** Pixels `(H, W, C)` uint8, rows without padding. */
export interface FedPicture {
  pixels: Uint8Array
  width: number
  height: number
  channels: 1 | 3
  partId: string
}

export interface Feed {
  /** Pictures per second, or `null` for as fast as they are taken. */
  readonly rate: number | null
  /** The next picture, or `null` at the end of a pass. `warn` tells of a picture that was left out. */
  next (warn: (text: string) => void): Promise<FedPicture | null>
  /** The next pass. */
  rewind (): void
}

export async function openFeed (plan: FeedPlan): Promise<Feed> {
  if (plan.kind === 'pictures') return (await import('./picture-feed.ts')).openPictureFeed(plan)
  return (await import('./generated-feed.ts')).openGeneratedFeed(plan)
}
