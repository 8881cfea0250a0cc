/** Pictures that do not come from a GStreamer source element but are pushed into the graph, with their names. */
export type FeedPlan =
  | PictureFeedPlan
  | { kind: 'generated-line', seed: number, width: number, height: number, rate: number | null, defectShare: number, count: number | null }

export interface PictureFeedPlan {
  kind: 'pictures'
  folder: string
  order: 'name' | 'shuffled'
  seed: number
  /** The first pass begins with this many good pictures by name; later passes leave them out. 0 = no difference. */
  learn: number
  /** Share of defective pictures after those, 0 to 1, or `null` for as they are in the folder. */
  defectShare: number | null
  /** Pictures per second, or `null` for as fast as they are taken. */
  rate: number | null
}
