"""Benchmarks: the service beside what else its users could pick, its start-up, and where an upload's time goes.

catalogue + environments + pictures -> measure (server, load, processes) -> results (JSON) -> report (Markdown)
"""
