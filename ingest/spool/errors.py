"""What can go wrong between a record and the disk."""


class SpoolError(Exception):
    """The spool did not make a record durable; the record was not accepted."""


class SpoolFullError(SpoolError):
    """There is no room: the disk, the spool's own limit or its queue is full. Try again later."""


class SpoolWriteError(SpoolError):
    """The disk refused the record, the record is too large, or the spool is closed."""


class UnreadableSegmentError(ValueError):
    """A segment was written in a format this version does not know. It is left where it is."""
