/** How one parameter of a pipeline is asked for, checked and set. */
export interface PipelineParameter {
  /**
   * @pattern ^[a-z][A-Za-z0-9]*$
   */
  name: string
  label: string
  /** `launch` is launch text by an engineer: parsed, checked against the allowed elements and written anew before it runs. */
  type: 'string' | 'path' | 'uri' | 'integer' | 'number' | 'boolean' | 'choice' | 'secret' | 'launch'
  default: string | number | boolean | null
  required: boolean
  help?: string
  minimum?: number
  maximum?: number
  choices?: string[]
  /** Schemes that a `uri` may have, without the colon. */
  schemes?: string[]
  /**
   * Property of a named element that gets the value. A text that a person writes is only ever set this way, never put into the launch
   * text. Without it the value goes to the feed, or into the launch text where `{name}` stands: then it is a number, a boolean or one of the choices.
   */
  set?: { element: string, property: string }
}

/** A GStreamer graph as data: `native-pipelines/*.json`. */
export interface PipelineDefinition {
  schema: 'goodparts.pipeline/1'
  /**
   * File name without `.json`.
   * @pattern ^[a-z][a-z0-9-]*$
   */
  id: string
  name: string
  description: string
  /** Launch text up to, not including, the part that crops, scales, converts and ends in the appsink, which is added to every pipeline. */
  launch: string
  parameters: PipelineParameter[]
  /** Element factories that the launch text needs. */
  requiredElements: string[]
  /** Element factories that `decodebin` and the like bring in for what cameras and files usually hold. Their lack is told by `goodparts doctor`, and keeps nothing from starting. */
  usualElements?: string[]
  /** Whether pictures arrive at the pace of the world and cannot wait. */
  live: boolean
  /** What happens at the end of the stream unless configured otherwise. For a live source `loop` means to connect again. */
  endOfStream: 'stop' | 'loop' | 'hold'
  /** Pictures that are pushed into the graph's `appsrc name=feed`, each with its name; parameters that are set nowhere go to it. */
  feed?: 'pictures' | 'generated-line'
}
