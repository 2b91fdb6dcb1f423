"""Bulk scoring: millions of pictures to Parquet files, on workers of Ray Data.

    source -> Part, many pictures of one container -> worker -> block of BatchEntry -> a file of results

`storage` knows where files lie, `sources` lists them as parts, `reading` reads a part, `results` writes
and reads result files, `scorer` is what a worker does and `pipeline` has Ray give it parts. Needs the extra
`ray`, whose packages the service itself does without; only `pipeline` imports Ray.
"""


class BulkError(Exception):
    """A source or a destination cannot be used, or a worker has failed; says what to do."""
