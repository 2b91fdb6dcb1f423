"""The Open Inference Protocol, version 2, over REST, with the binary tensor extension.

    requests -> images and the outputs asked for -> predictions -> responses; metadata beside

Source: the protocol's `inference_rest.md` and `open_inference_rest.yaml`; Triton's `extension_*.md` for the
extensions for binary data, classification, model configuration, statistics and the model repository.
"""
