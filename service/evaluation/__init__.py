"""Evaluation: labelled digits in, scores out, by one ruler for the service and for training.

    labelled digits -> evaluating (preprocessing, model) -> probabilities -> scoring -> Scores

Knows neither HTTP nor JSON: `service.answers` writes what it finds. `scoring` imports NumPy alone.
"""
