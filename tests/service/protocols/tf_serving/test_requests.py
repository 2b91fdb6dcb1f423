"""Bodies of `:predict` and `:classify`: every form that is one, and what is none."""

import base64
import json
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import DigitserveError, ProtocolError
from service.protocols.recognising import Images, Pictures
from service.protocols.tf_serving.requests import read_classify, read_predict

DIGITS = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
LEVELS = DIGITS.tolist()
FILES = [b"\x89PNG one", b"two"]
TEXTS = [{"b64": base64.b64encode(file).decode()} for file in FILES]

EXAMPLES_OF_OTHER_KINDS: list[Any] = [(None, "Null"), (True, "True"), (1, "Number")]
EXAMPLES_OF_OTHER_KINDS += [(1.5, "Number"), ("x", "String"), ([], "Array")]
NO_NAMES: list[Any] = [None, 5, True, [], {}]  # of signatures

as_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["b64", "image", "images", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


as_rows = st.sampled_from(
    [LEVELS[0], (DIGITS[1] / 255).tolist(), (DIGITS[0] > 99).astype(int).tolist(), [[0] * 28] * 28]
)


def predict(**members: Any) -> Images:
    """Read the body of `:predict`."""
    return read_predict(json.dumps(members).encode(), max_images=2).images


def classify(*, max_images: int = 2, **members: Any) -> Images:
    """Read the body of `:classify`."""
    return read_classify(json.dumps(members).encode(), max_images=max_images)


class TestForms:
    """Rows and columns."""

    @pytest.mark.parametrize("key", ["instances", "inputs"])
    @pytest.mark.parametrize(
        "values",
        [LEVELS, DIGITS[..., np.newaxis].tolist(), (DIGITS / 255).tolist()],
        ids=["levels", "channel", "shares"],
    )
    def test_digits(self, key: str, values: Any) -> None:
        """Digits are arrays, with or without a channel, of levels or of shares of ink."""
        assert np.array_equal(predict(**{key: values}), DIGITS)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "members",
        [
            {"instances": [{"images": digit} for digit in LEVELS]},
            {"inputs": {"images": LEVELS}},
            {"instances": LEVELS, "signature_name": "serving_default"},
            {"inputs": LEVELS, "signature_name": ""},
        ],
        ids=["rows", "columns", "signature", "no signature"],
    )
    def test_named_digits(self, members: dict[str, Any]) -> None:
        """Digits may bear the name of the input."""
        assert np.array_equal(predict(**members), DIGITS)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "members",
        [
            {"instances": TEXTS},
            {"instances": [{"image": text} for text in TEXTS]},
            {"inputs": TEXTS},
            {"inputs": {"image": TEXTS}},
        ],
        ids=["rows", "named rows", "columns", "named columns"],
    )
    def test_pictures(self, members: dict[str, Any]) -> None:
        """Pictures are objects of base64."""
        assert predict(**members) == Pictures(FILES)

    @pytest.mark.parametrize("inputs", [TEXTS[0], {"image": TEXTS[0]}])
    def test_one_picture(self, inputs: Any) -> None:
        """One picture in a column may stand for itself."""
        assert predict(inputs=inputs) == Pictures(FILES[:1])

    def test_row_or_column(self) -> None:
        """The form is remembered for the answer."""
        forms = [
            read_predict(json.dumps({key: LEVELS}).encode(), max_images=2).is_row
            for key in ("instances", "inputs")
        ]

        assert forms == [True, False]


class TestNumbers:
    """Levels or shares, by the numbers themselves."""

    def test_binary_digit(self) -> None:
        """Whole numbers none of which is above 1 are shares: JavaScript writes 1.0 as 1."""
        images = predict(instances=(DIGITS > 127).astype(int).tolist())

        assert np.array_equal(images, np.where(DIGITS > 127, 255, 0))  # type: ignore[arg-type]

    @pytest.mark.parametrize("key", ["instances", "inputs"])
    @given(st.lists(as_rows, min_size=1, max_size=2))
    def test_neighbours(self, key: str, rows: list[Any]) -> None:
        """A digit means the same whatever digits come with it: levels, shares of ink, or both at once."""
        alone = [predict(**{key: [row]}) for row in rows]
        together = predict(**{key: rows})

        assert np.array_equal(together, np.concatenate(alone))  # type: ignore[arg-type]

    def test_binary_digit_among_levels(self) -> None:
        """A digit of 0 and 1 is as dark beside one of levels as alone."""
        row = (DIGITS[0] > 127).astype(int).tolist()

        images = predict(inputs=[row, LEVELS[1]])

        assert isinstance(images, np.ndarray)
        assert np.array_equal(images[0], np.where(DIGITS[0] > 127, 255, 0))
        assert np.array_equal(images[1], DIGITS[1])

    @pytest.mark.parametrize("value", [1.5, 255.0, -0.1, -1, 256, float("nan"), float("inf")])
    def test_outside(self, value: float) -> None:
        """Numbers outside of both ranges, and shares above 1, are refused."""
        row: Any = np.zeros((28, 28), int).tolist()
        row[3][4] = value

        with pytest.raises(ProtocolError):
            predict(instances=[row])


class TestRefused:
    """What is no request."""

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ({}, "Missing 'inputs' or 'instances' key"),
            (
                {"inputs": [], "instances": []},
                r"^JSON Value: \.\.\. Not formatted correctly expecting only one of 'inputs' or 'instances' keys",
            ),
            ({"instances": LEVELS, "signature_name": "x"}, 'signature name: "x" not found in'),
            *(
                ({"instances": LEVELS, "signature_name": name}, "key must be a string value")
                for name in NO_NAMES
            ),
            ({"instances": []}, "No values in 'instances' array"),
            ({"inputs": []}, "0 images"),
            ({"inputs": {"images": 1}}, "'images' is no JSON array"),
            ({"instances": {}}, "Excepting 'instances' to be an list/array"),
            ({"instances": 5}, "Excepting 'instances' to be an list/array"),
            ({"instances": None}, "Excepting 'instances' to be an list/array"),
            ({"instances": LEVELS * 2}, "4 images"),
            ({"instances": [LEVELS[0], TEXTS[0]]}, "mixed"),
            ({"instances": [[1, 2]]}, "shape"),
            ({"instances": [[[0] * 28] * 27 + [[0] * 27]]}, "differ in length"),
            ({"instances": ["text"]}, "shape"),
            ({"instances": [{"images": LEVELS[0], "image": 1}]}, "no object of either"),
            ({"instances": [{"x": LEVELS[0]}]}, "^JSON object: does not have named input: x[.]"),
            ({"inputs": {"x": LEVELS[0]}}, "^JSON object: does not have named input: x[.]"),
            ({"instances": [{}]}, "no object of either"),
            ({"instances": [{"image": LEVELS[0]}]}, "not formatted correctly for base64 data"),
            ({"instances": [{"b64": 1}]}, "not formatted correctly for base64 data"),
            ({"instances": [{"b64": "a", "x": 1}]}, "not formatted correctly for base64 data"),
            ({"instances": [{"b64": "a"}]}, "^Unable to base64 decode"),
        ],
    )
    def test_predict(self, members: dict[str, Any], message: str) -> None:
        """Each mistake is named."""
        with pytest.raises(ProtocolError, match=message):
            predict(**members)

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ({}, "When method is classify, key 'examples' is expected and was not found"),
            ({"examples": 5}, "Expecting 'examples' value to be an list/array"),
            ({"examples": []}, "'examples' value is an empty array"),
            *(
                ({"examples": [example]}, f"must be JSON object but got JSON {kind}")
                for example, kind in EXAMPLES_OF_OTHER_KINDS
            ),
            ({"examples": [{}]}, "no object of either"),
            ({"examples": [TEXTS[0]], "context": []}, "must be JSON object but got JSON Array"),
            ({"examples": [TEXTS[0]], "context": None}, "must be JSON object but got JSON Null"),
        ],
    )
    def test_classify(self, members: dict[str, Any], message: str) -> None:
        """Each mistake is named."""
        with pytest.raises(ProtocolError, match=message):
            classify(**members)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"5"])
@pytest.mark.parametrize("read", [read_predict, read_classify])
def test_no_object(read: Any, body: bytes) -> None:
    """The whole document is an object; it is not sent back."""
    with pytest.raises(ProtocolError, match=r"^JSON Value: \.\.\. Is not object$"):
        read(body, max_images=1)


class TestClassify:
    """`:classify`."""

    def test_examples(self) -> None:
        """Features are pictures, or digits, which may be flat."""
        assert classify(examples=[{"image": text} for text in TEXTS]) == Pictures(FILES)
        for shape in ((2, 784), (2, 28, 28)):
            images = classify(examples=[{"images": row} for row in DIGITS.reshape(shape).tolist()])

            assert np.array_equal(images, DIGITS)  # type: ignore[arg-type]

    def test_context_for_too_many(self) -> None:
        """Examples are counted before a context is repeated in each, and a context is of one feature."""
        features = {f"a{key}": 0 for key in range(500)}

        with pytest.raises(ProtocolError, match="brings 1000 images"):
            classify(context=features, examples=[{}] * 1000)
        for context in (features, {**TEXTS[0], **features}, TEXTS[0]):
            with pytest.raises(ProtocolError, match=r"'context' brings (a0|b64).*one feature"):
                classify(context=context, examples=[{}])

    def test_context(self) -> None:
        """What the context holds is in every example."""
        assert classify(context={"image": TEXTS[0]}, examples=[{}, {}]) == Pictures(FILES[:1] * 2)
        examples = [{}, {"images": LEVELS[1]}, {}]
        read = classify(context={"images": LEVELS[0]}, examples=examples, max_images=3)
        assert np.array_equal(read, DIGITS[[0, 1, 0]])  # type: ignore[arg-type]

    def test_context_is_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many examples have a context's picture, its text is decoded once, and kept once."""
        decode = Mock(return_value=b"picture")
        monkeypatch.setattr("service.protocols.tf_serving.requests.decode_base64", decode)

        read = classify(context={"image": TEXTS[0]}, examples=[{}] * 256, max_images=256)

        assert read == Pictures([b"picture"] * 256)
        decode.assert_called_once()


class TestFuzzed:
    """Whatever comes, it is a request or refused."""

    @settings(max_examples=300)
    @given(st.sampled_from(["inputs", "instances", "examples"]), as_json | st.lists(as_json))
    def test_values(self, key: str, value: Any) -> None:
        """Any value in the place of images is refused as the client's fault, or is images."""
        body = json.dumps({key: value}).encode()
        read = read_classify if key == "examples" else read_predict

        try:
            outcome: object = read(body, max_images=2)
        except DigitserveError as error:
            outcome = error.status

        assert outcome == 400 or not isinstance(outcome, int)
