"""TensorFlow Serving's REST API, version 1.

    requests -> images -> predictions -> rows, columns or labels; the state of the versions beside

Source: TensorFlow Serving's `g3doc/api_rest.md`, and where it is silent `http_rest_api_handler.cc`,
`json_tensor.cc` and `get_model_status_impl.cc`.
"""
