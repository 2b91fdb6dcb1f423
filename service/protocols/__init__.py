"""Protocols: the service in the words of clients that others have written.

    request -> body -> tensors or pictures -> the recognition of `/predict` -> tensors -> response

`open_inference` speaks the Open Inference Protocol (Triton, KServe, MLServer), `tf_serving` that of
TensorFlow Serving. Both are thin: what they share lies beside them, and neither knows the other. The
OpenAPI document leaves them out, because each has a document of its own and another form of errors.
"""
