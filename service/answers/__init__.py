"""Answers: what clients are told, as the contract's JSON.

    Prediction, Evaluation -> writing -> schemas -> JSON
    exception -> problems -> problem document, or the form of another protocol (error_forms)

`problems` alone knows the web framework: the command line writes the same answers without one. May import
neither settings nor routes.
"""
