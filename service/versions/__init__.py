"""Versions of a model, changed while the service serves.

    POST /model/reload -> examination, once -> notice: candidate -> every worker loads it -> notice: active

Workers share a folder, the board, and keep to the notice that is posted there: none answers with a
version that has not been examined, and all change or none does. Knows no web framework.
"""
