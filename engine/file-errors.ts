/** What the system says of files and disks, and what a person does about it. */

const room = 'Free room on the disk, then try again'
const writing = 'Let the user that runs this write there, or name another place'
const reading = 'Let the user that runs this read it, or name another'
/** What is opened may be to be read or to be written; the system does not say. */
const opening = 'Let the user that runs this read the file or, where it is to be written, write in its folder; or name another place'
const readers = new Set(['access', 'lstat', 'opendir', 'read', 'readlink', 'realpath', 'scandir', 'stat', 'statfs'])

/** For an error of the file system, or one that it caused, that the disk or its permissions are behind; else `null`. */
export function diskFix (error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('syscall' in error && 'code' in error) {
    const fix = fixOf(String(error.code), String(error.syscall))
    if (fix !== null) return fix
  }
  return error.cause === undefined ? null : diskFix(error.cause)
}

function fixOf (code: string, call: string): string | null {
  if (code === 'ENOSPC' || code === 'EDQUOT') return room
  if (code === 'EROFS') return writing
  if (code !== 'EACCES' && code !== 'EPERM') return null
  if (call === 'open') return opening
  return readers.has(call) ? reading : writing
}
