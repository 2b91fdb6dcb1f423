"""Metrics: counted by every worker in a row of its own of one shared block, summed when they are scraped.

    request -> Recorder -> row of the block (layout) <- sums of all rows -> collector -> text of Prometheus

A row has one writer, its worker's event loop, so that counting takes no lock: a float64 is written in one
piece. Rows outlive their workers, and a new worker goes on with the row of one that died: no counter ever
goes back. The package knows no web framework.
"""
