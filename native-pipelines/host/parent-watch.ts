/**
 * Thread that ends the process when its parent is gone. IPC and the pipe say so too, but only to an event loop that turns,
 * and a plugin may block the main thread for minutes.
 */
import { workerData } from 'node:worker_threads'

const parent = workerData as number

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, 250)
