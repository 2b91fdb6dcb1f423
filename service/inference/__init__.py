"""Inference: a canonical digit to a model's prediction.

    bundle, engine -> recognition (Model) -> models, which finds it by name
    canonical digit -> batching -> engine -> recognition -> Prediction; pulse asks the same way

Knows neither HTTP nor settings. What can be explained of a model is loaded when it is asked for.
"""
