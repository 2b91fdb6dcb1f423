"""digitserve's training pipeline: MNIST in, a verified model bundle out.

data -> recipe -> run (checkpoints, history) -> scores, report -> export -> models/<name>/<version>/
"""
