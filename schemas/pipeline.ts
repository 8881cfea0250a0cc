/** How one `{parameter}` of a pipeline's launch text is asked for, checked and set. */
export interface PipelineParameter {
  name: string
  label: string
  type: 'string' | 'path' | 'uri' | 'integer' | 'number' | 'boolean' | 'choice' | 'secret'
  default: string | number | boolean | null
  required: boolean
  help?: string
  minimum?: number
  maximum?: number
  choices?: string[]
}

/** A GStreamer graph as data: `native-pipelines/*.json`. */
export interface PipelineDefinition {
  schema: 'goodparts.pipeline/1'
  /** File name without `.json`. */
  id: string
  name: string
  description: string
  /** Launch text up to, not including, the part that scales, converts and ends in the appsink, which is added to every pipeline. */
  launch: string
  parameters: PipelineParameter[]
  /** Element factories that the launch text needs. */
  requiredElements: string[]
  /** Whether pictures arrive at the pace of the world and cannot wait. */
  live: boolean
  /** What happens at the end of the stream unless configured otherwise. */
  endOfStream: 'stop' | 'loop' | 'hold'
}
