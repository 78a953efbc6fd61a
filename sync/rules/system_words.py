"""What the system says of files, disks and networks that fail, to be said in any language."""

import errno

from sync.rules.refusal import N_

_MOST_CAUSES = 8
_BY_NUMBER = {
    errno.ENOENT: N_("No such file or directory"),
    errno.ENOTDIR: N_("Not a directory"),
    errno.EISDIR: N_("Is a directory"),
    errno.EEXIST: N_("File exists"),
    errno.EACCES: N_("Permission denied"),
    errno.EPERM: N_("Operation not permitted"),
    errno.EROFS: N_("Read-only file system"),
    errno.ENOSPC: N_("No space left on device"),
    errno.EDQUOT: N_("Disk quota exceeded"),
    errno.EFBIG: N_("File too large"),
    errno.ENAMETOOLONG: N_("File name too long"),
    errno.EBUSY: N_("Device or resource busy"),
    errno.EMFILE: N_("Too many open files"),
    errno.EIO: N_("Input/output error"),
    errno.ECONNREFUSED: N_("Connection refused"),
    errno.ECONNRESET: N_("Connection reset by peer"),
    errno.EPIPE: N_("Broken pipe"),
    errno.ETIMEDOUT: N_("Connection timed out"),
    errno.ENETUNREACH: N_("Network is unreachable"),
    errno.EHOSTUNREACH: N_("No route to host"),
    errno.EADDRINUSE: N_("Address already in use"),
    errno.EADDRNOTAVAIL: N_("Cannot assign requested address"),
}
NO_HTTPS = N_("it does not speak https")
_OTHERS = (
    NO_HTTPS,
    N_("timed out"),
    # Looking a name up has error numbers of its own.
    N_("Name or service not known"),
    N_("Temporary failure in name resolution"),
    N_("No address associated with hostname"),
    # Of talking HTTP; the first is ours.
    N_("the answer takes too long"),
    N_("Server disconnected without sending a response."),
    # Of SQLite files and their locks; the first two are ours.
    N_("busy"),
    N_("checkpoint blocked"),
    N_("database or disk is full"),
    N_("disk I/O error"),
    N_("unable to open database file"),
    N_("attempt to write a readonly database"),
    N_("database disk image is malformed"),
    N_("file is not a database"),
    N_("database is locked"),
)
PHRASES = frozenset({*_BY_NUMBER.values(), *_OTHERS})


def phrase_of(error: BaseException) -> str:
    """Return one of `PHRASES` for an error or what caused it; else what it says, or its type.

    >>> phrase_of(ConnectionRefusedError(errno.ECONNREFUSED, "whatever the system calls it"))
    'Connection refused'
    """
    if str(error) in PHRASES:
        return str(error)
    cause: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if cause is None:
            break
        if isinstance(cause, OSError):
            found = _phrase_of_system(cause)
            if found:
                return found
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


def _phrase_of_system(error: OSError) -> str:
    said = error.strerror or str(error)
    if said in PHRASES:  # numbers of name look-ups mean something else: what is said comes first
        return said
    return _BY_NUMBER.get(error.errno or 0, "")
