"""How long ago something was, in one number and its unit."""

from sync.language import Language


def age(say: Language, ms: int) -> str:
    """Say how long ago something was."""
    seconds = max(ms, 0) // 1000
    if seconds < 60:
        return say("{count} s", count=seconds)
    if seconds < 60 * 60:
        return say("{count} min", count=seconds // 60)
    if seconds < 48 * 60 * 60:
        return say("{count} h", count=seconds // 3600)
    return say("{count} days", count=seconds // 86400)
